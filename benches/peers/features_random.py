"""Exports in which everything happens at random, made of the catalog's tables: every code, days at the edges of every window, versions, voided rows,
days to come. Beside `features.py --random N`: what no town shows, the comparison still meets."""
import csv
import datetime
import random

import features_sql

# Days back from the rating day: edges of windows, of answers' age and of lapsing holds; before that, anything from the last years to next year.
EDGES = [n + off for n in (0, 30, 60, 90, 365, 1095, 3650) for off in (-1, 0, 1)] + [-90, -91, 180]
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
ROWS = {"payments": 5, "assets": 5, "seizures": 7, "incomes": 2, "obligations": 3, "inquiries": 8, "conduct": 14, "trajectory": 7, "measures": 5, "listings": 3,
        "judgments": 4}
# Dates by which the loader tells that a row was known before it happened.
HAPPENED = {t: [c["name"] for c in features_sql.toml(f"tables/{t}.toml")["columns"] if c.get("happening")] for t in features_sql.TABLES}
# Days of which the one may not come after the other.
ORDERS = {t: [c["order"] for c in features_sql.toml(f"tables/{t}.toml").get("checks", []) if "order" in c] for t in features_sql.TABLES}


def codes():
    """The values of every list of codes."""
    found = {}
    for name in ("behaviour", "cases", "identity", "property"):
        found |= {key: list(values) for key, values in features_sql.toml(f"codes/{name}.toml").items() if isinstance(values, dict)}
    return found


def number(draw, at):
    """An identity number of the unassigned prefix 99."""
    body = f"990103{1950 + at % 50}{1 + at % 12:02}{1 + at % 28:02}{at % 1000:03}"
    return body + "10X98765432"[sum(w * int(d) for w, d in zip(WEIGHTS, body)) % 11]


class Court:
    """Draws rows."""

    def __init__(self, day, seed):
        self.day, self.draw, self.codes, self.parties = datetime.date.fromisoformat(day), random.Random(seed), codes(), []

    def date(self):
        back = self.draw.choice(EDGES) if self.draw.random() < 0.5 else self.draw.randrange(-300, 1500)
        return self.day - datetime.timedelta(days=back)

    def value(self, column):
        """Any value that the column may hold; often none."""
        draw, kind = self.draw, column["kind"]
        if draw.random() < 0.25 and not column.get("required"):
            return ""
        if kind == "code":
            return draw.choice(self.codes.get(column.get("codes"), [""]))
        if kind == "money":
            return draw.choice([0, draw.randrange(1, 400_000), draw.randrange(1, 40_000_000)])
        if kind == "date":
            return self.date()
        if kind == "flag":
            return draw.choice(["true", "false"])
        if kind == "real":
            return draw.choice([0, 1, round(draw.random(), 4)])
        if kind == "int":
            return draw.randrange(max(column.get("min", 1), 1), min(column.get("max", 4), 6) + 1)
        return ""

    def row(self, table, given):
        """A row of a table, known on some day after it happened."""
        row = {name: self.value(column) for name, column in features_sql.columns_of(table).items() if name != "row_id"} | given
        if row.get("document_no") == "":
            row["document_no"] = self.draw.choice(["", "d"]) if "document_no" not in KEYED.get(table, ()) else f"d{self.draw.randrange(10**9)}"
        if self.draw.random() < 0.9:
            row["voided_on"] = row["void_reason"] = ""
        for first, second in ORDERS[table] * 2:
            if row[first] and row[second] and row[first] > row[second]:
                # What tells the fact apart is left as it is.
                row[second] = row[first]
        after = [row[name] for name in HAPPENED[table] if row.get(name)]
        late = datetime.timedelta(days=self.draw.choice([0, 0, 1, 3, 30]))
        row["known_on"] = max(after) + late if after else self.day - abs(self.date() - self.day) + late
        return row

    def moved(self, table):
        """An asset that has become another's, a receipt that was booked on another case: such facts lie in two places of the lake."""
        if table not in ("assets", "payments") or self.draw.random() < 0.7 or not self.parties:
            return {}
        case, ref = self.draw.choice(self.parties)
        return {"debtor_ref": ref} if table == "assets" else {"debtor_ref": self.draw.choice(["", ref]), "case_no": case}

    def versions(self, table, given):
        """One to three rows of one key, each known later than the one before."""
        rows = [self.row(table, given)]
        keep = {name: rows[0][name] for name in KEYED.get(table, given)}
        while self.draw.random() < 0.3 and len(rows) < 3:
            newer = self.row(table, given | keep | self.moved(table))
            newer["known_on"] = max(newer["known_on"], rows[-1]["known_on"] + datetime.timedelta(days=1))
            rows.append(newer)
        return rows


# What tells the versions of one fact from another fact.
KEYED = {t: features_sql.toml(f"tables/{t}.toml")["key"] for t in features_sql.TABLES}


def write(folder, day, debtors, seed):
    """Writes the exports of a court with so many debtors."""
    court = Court(day, seed)
    draw, tables = court.draw, {table: [] for table in features_sql.TABLES}
    cases = {}
    for at in range(debtors):
        ref, mine = f"D{at:06}", []
        # One of ten is a debtor met before under another key.
        person = number(draw, at - 1 if at % 10 == 9 else at)
        identity = {"id_kind": "resident_id", "id_no": person, "kind": "natural"} if at % 5 else {"id_kind": "other", "id_no": ""}
        tables["debtors"] += court.versions("debtors", {"debtor_ref": ref, "name": f"甲{at}"} | identity)
        for nth in range(draw.choice([1, 1, 2, 3, 4])):
            case = f"（2024）测9901执{at * 10 + nth + 1}号"
            earlier = {"resumed_from": draw.choice(mine + ["（2019）测9901执7号"])} if mine and draw.random() < 0.4 else {"resumed_from": ""}
            mine.append(case)
            tables["cases"] += court.versions("cases", {"case_no": case, **earlier, "court_code": "", "basis_doc_no": ""})
        for case in mine + [c for c in draw.sample(list(cases), min(len(cases), 1)) if draw.random() < 0.4]:
            cases[case] = True
            court.parties.append((case, ref))
            tables["parties"] += court.versions("parties", {"case_no": case, "debtor_ref": ref, "after_party": ""})
        assets = [f"{ref}-{n}" for n in range(draw.randrange(ROWS["assets"] * 2))]
        for table, most in ROWS.items():
            for nth in range(len(assets) if table == "assets" else draw.randrange(most * 2)):
                given = {"debtor_ref": ref, "case_no": draw.choice(mine), "court_code": "", "region": "", "measure": "network_inquiry", "creditor_no": nth,
                         "basis_doc_no": f"（2020）测9901民初{at * 100 + nth}号", "enforcement_case_no": draw.choice(["", *mine]),
                         "lien_for_case": draw.choice(["", *mine]), "payment_ref": f"{ref}-{nth}"}
                if table == "assets":
                    given["asset_ref"] = assets[nth]
                elif table == "seizures":
                    if not assets:
                        continue
                    given |= {"asset_ref": draw.choice(assets), "case_no": draw.choice([*mine, "（2023）他9999执1号"])}
                elif table == "payments" and draw.random() < 0.3:
                    given["debtor_ref"] = ""
                names = features_sql.columns_of(table)
                tables[table] += court.versions(table, {k: v for k, v in given.items() if k in names})
    folder.mkdir(parents=True, exist_ok=True)
    for table, rows in tables.items():
        with open(folder / f"{table}.csv", "w", newline="", encoding="utf-8") as file:
            out = csv.DictWriter(file, list(dict.fromkeys(name for row in rows for name in row)), restval="")
            out.writeheader()
            out.writerows(rows)
