"""The features in SQL: masking views made of the catalog's tables, then `features/*.sql` in order. Beside `features.py`, which times and compares."""
import json
import pathlib
import time
import tomllib

HERE = pathlib.Path(__file__).resolve().parent
CATALOG = HERE.parent.parent / "pipeline" / "catalog"
# Lake tables that features read.
TABLES = ("debtors", "cases", "parties", "payments", "assets", "seizures", "incomes", "obligations", "inquiries", "conduct", "trajectory", "measures",
          "listings", "judgments")
# In this order: a later file reads tables of an earlier one.
FILES = ("macros", "inquiries", "parties", "cases", "incomes", "obligations", "assets", "payments", "conduct", "judgments", "measures", "listings",
         "trajectory")
BY_PARTY = ("f_cases", "f_obligations", "f_assets", "f_payments")
BY_DEBTOR = ("f_inquiries", "f_conduct", "f_judgments", "f_measures", "f_listings", "f_trajectory")
# Of inquiries: flags that the assets' file reads.
CHANNELS = ("bank", "wealth", "securities", "equity", "vehicle", "tax", "provident_fund", "insurance")
# Columns of the lake that no export has.
OWN = {"debtor_id": "varchar", "row_id": "varchar", "known_on": "date", "is_own": "boolean", "identity_basis": "varchar"}
TYPES = {"text": "varchar", "code": "varchar", "money": "bigint", "int": "bigint", "date": "date", "flag": "boolean", "real": "double"}


def toml(path):
    return tomllib.loads((CATALOG / path).read_text())


def columns_of(table):
    """The columns of a table by name, those of every fact among them."""
    every = {c["name"]: c for c in toml("tables/_every_fact.toml")["columns"]}
    return every | {c["name"]: c for c in toml(f"tables/{table}.toml")["columns"]}


def masked(name, column, day):
    """How a column is read on the day: a later date as unknown, and what it reveals as it was before."""
    by = column.get("revealed_by")
    if by:
        before = column.get("before")
        before = "null" if before is None else before if column["kind"] == "flag" else f"'{before}'"
        before = "false" if column["kind"] == "flag" else before
        return f"case when {by} > {day} then {before} else {name} end as {name}"
    if column["kind"] == "date" and not column.get("set_in_advance") and name != "known_on":
        return f"case when {name} <= {day} then {name} end as {name}"
    return name


NEWEST = """from {files} where known_on <= {day}
    qualify row_number() over (partition by debtor_id, row_id order by known_on desc, seen_on desc, content_hash desc) = 1"""
# The same where every bucket is one file, as after a full load: versions of a fact lie together there, the newest last, and a scan keeps their order.
LAST = """select * exclude (next_debtor, next_row) from (
    select *, lead(debtor_id) over () as next_debtor, lead(row_id) over () as next_row from {files} where known_on <= {day})
    where next_row is distinct from row_id or next_debtor is distinct from debtor_id"""


def view(con, lake, table, day, by_order):
    """What was known on the day: of several versions the newest, nothing voided, nothing of the wrong person, dates to come masked."""
    files = f"read_parquet('{lake}/{table}/*/*.parquet', hive_partitioning = false)"
    if not any(pathlib.Path(lake).glob(f"{table}/*/*.parquet")):
        # A table that no export has is empty.
        of_exports = {name: TYPES[column["kind"]] for name, column in columns_of(table).items()}
        columns = of_exports | OWN | {"seen_on": "date", "content_hash": "bigint", "elsewhere": "boolean"}
        con.execute(f"create temp table {table}_held ({', '.join(f'{name} {kind}' for name, kind in columns.items())})")
        files = f"{table}_held"
    held = [row[0] for row in con.execute(f"describe select * from {files}").fetchall()]
    described = columns_of(table)
    read = [masked(name, described[name], day) if name in described else name for name in held if name in described or name in OWN]
    con.execute(f"""create view {table}_newest as
        with newest as ({(LAST if by_order else NEWEST).format(files=files, day=day)})
        from newest anti join (select distinct debtor_id, row_id from {files} where void_reason = 'wrong_person') using (debtor_id, row_id)""")
    con.execute(f"""create view {table} as select {', '.join(read)} from {table}_newest
        where (voided_on is null or voided_on > {day}) and not coalesce(elsewhere, false)""")
    if table == "assets":
        con.execute("create view assets_elsewhere as select distinct debtor_id, asset_ref from assets_newest where elsewhere")


def haircuts(lake, legal):
    """The share of its value that a thing of each class counts with: the catalog's, and over it what the model in use learned."""
    models = pathlib.Path(lake).parent / "models"
    if not (models / "approved.json").exists():
        return legal
    in_use = json.loads((models / "approved.json").read_text())["model_id"]
    learned = json.loads((models / in_use / "model.json").read_text()).get("haircuts") or {"classes": {}}
    return legal | {name: found["value"] for name, found in learned["classes"].items()}


def parameters(lake, day, living_cost):
    """What stands in the catalog, the configuration and the model in use, as SQL."""
    means, capacity, causes = (toml(f"ratings/{name}.toml") for name in ("means", "capacity", "causes"))
    texts = lambda values: "[" + ", ".join(f"'{v}'" for v in values) + "]"
    return {
        ":day": str(day), ":living_cost": "null::bigint" if living_cost is None else str(living_cost), ":stale_days": str(capacity["stale_days"]),
        ":income_months": str(capacity["horizon_days"] // 30), ":unstated": str(means["ownership"]["unstated"]),
        ":liquid": texts(means["liquid"]["classes"]),
        ":haircut": "map {" + ", ".join(f"'{k}': {v}::double" for k, v in haircuts(lake, means["haircut"]).items()) + "}",
        ":business": texts(causes["business"]), ":refinancing": texts(causes["refinancing"]), ":purchase": texts(causes["purchase"])}


def statements(lake, day, living_cost):
    """Every statement of `features/*.sql` with its file."""
    given = parameters(lake, day, living_cost)
    for name in FILES:
        text = (HERE / "features" / f"{name}.sql").read_text()
        for key, value in given.items():
            text = text.replace(key, value)
        for statement in text.split(";\n"):
            if statement.strip():
                yield name, statement


def columns(con, day):
    """One row a rated party, one real a feature; what is counted and was not found is nothing."""
    counted = lambda name: name.endswith("_n") or "_n_" in name or name == "contact_lost_now"
    read = ["s.case_no", "s.debtor_id", "s.as_of"]
    for table in BY_PARTY + BY_DEBTOR:
        for (name, *_) in con.execute(f"describe {table}").fetchall():
            if name not in ("debtor_id", "case_no", "transfers", *CHANNELS):
                read.append(f"coalesce({table}.{name}, 0)::double as {name}" if counted(name) else f"{table}.{name}::double as {name}")
    read.append(f"coalesce(len(list_filter(f_conduct.transfers, lambda t: t > s.duty_on)), 0)::double as transfers_after_duty_n")
    joins = "".join(f" join {t} on {t}.debtor_id = s.debtor_id and {t}.case_no = s.case_no" for t in BY_PARTY)
    joins += "".join(f" left join {t} on {t}.debtor_id = s.debtor_id" for t in BY_DEBTOR)
    return f"select {', '.join(read)} from (select *, date '{day}' as as_of from subject) s{joins}"


def compute(con, lake, day, living_cost, out, by_order=False):
    """Computes the features of a lake on a day and writes them; gives the parties and the seconds of each file of statements."""
    seconds = {}
    for table in TABLES:
        view(con, lake, table, f"date '{day}'", by_order)
    for name, statement in statements(lake, day, living_cost):
        began = time.monotonic()
        con.execute(statement)
        seconds[name] = seconds.get(name, 0) + time.monotonic() - began
    began = time.monotonic()
    con.execute(f"copy ({columns(con, day)}) to '{out}' (format parquet, compression zstd, compression_level 3)")
    parties = con.execute("select count(*) from subject").fetchone()[0]
    return {"rated": parties, **seconds, "written": time.monotonic() - began}
