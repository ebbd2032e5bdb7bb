#!/usr/bin/env python3
"""Measures one night over an imaginary town: seconds, rows a second and peak memory of each stage.

Memory is the resident size of the program and all its children together, read from /proc thirty times a second; pages that
processes share are counted in each, so the figure is an upper bound. Needs Linux and nothing but Python's own library.
"""
import argparse
import datetime
import json
import os
import pathlib
import platform
import shutil
import subprocess
import sys
import tempfile
import threading
import time

PAGE = os.sysconf("SC_PAGE_SIZE")


def resident(root):
    """Bytes of the process and all below it."""
    parents, sizes = {}, {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open(f"/proc/{entry}/stat") as stat, open(f"/proc/{entry}/statm") as statm:
                    parents[int(entry)] = int(stat.read().rsplit(")", 1)[1].split()[1])
                    sizes[int(entry)] = int(statm.read().split()[1]) * PAGE
            except (OSError, IndexError):
                continue  # it ended while we read
    total, open_ = 0, [root]
    while open_:
        pid = open_.pop()
        total += sizes.get(pid, 0)
        open_.extend(child for child, parent in parents.items() if parent == pid)
    return total


class Peaks(threading.Thread):
    """The highest resident size while each stage ran."""

    def __init__(self, pid):
        super().__init__(daemon=True)
        self.pid, self.stage, self.peaks, self.over = pid, "start", {}, False

    def run(self):
        while not self.over:
            self.peaks[self.stage] = max(self.peaks.get(self.stage, 0), resident(self.pid))
            time.sleep(1 / 30)


def rows_of(town):
    """Data rows of the CSV files of a town."""
    total = 0
    for path in town.rglob("*.csv"):
        with open(path, "rb") as file:
            total += sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b"")) - 1
    return total


def night(command):
    """Runs the batch; gives its finished stages, the peaks and the whole time."""
    began = time.monotonic()
    child = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    peaks, stages, said = Peaks(child.pid), [], []
    peaks.start()
    for line in child.stderr:
        try:
            event = json.loads(line)
        except ValueError:
            said.append(line)
            continue
        if event["event"] == "started":
            peaks.stage = event["stage"]
        elif event["event"] == "finished":
            stages.append(event)
            peaks.stage = f"after {event['stage']}"
    status = child.wait()
    peaks.over = True
    if status:
        sys.exit(f"luheng ended with {status}:\n{''.join(said)}")
    return stages, peaks.peaks, time.monotonic() - began


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--luheng", type=pathlib.Path, default=pathlib.Path("target/release/luheng"))
    parser.add_argument("--debtors", type=int, default=100000)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--keep", type=pathlib.Path, help="keep town and work folder here")
    arguments = parser.parse_args()
    luheng = str(arguments.luheng.resolve())
    folder = arguments.keep or pathlib.Path(tempfile.mkdtemp(prefix="luheng-bench-"))
    town, work = folder / "town", folder / "work"
    try:
        began = time.monotonic()
        subprocess.run([luheng, "synth", "--debtors", str(arguments.debtors), "--out", str(town)], check=True, stdout=subprocess.DEVNULL)
        made = time.monotonic() - began
        config = town / "luheng.toml"
        command = [luheng, "nightly", "--input", str(town), "--work", str(work), "--jobs", str(arguments.jobs), "--log", "json"]
        command += ["--config", str(config)] if config.exists() else ["--as-of", "2026-06-30"]
        rows = rows_of(town)
        load = os.getloadavg()[0]
        stages, peaks, whole = night(command)
        print(f"{datetime.date.today()}  {arguments.debtors} debtors, {rows} input rows, --jobs {arguments.jobs}")
        print(f"machine: {platform.machine()}, {os.cpu_count()} cores, load before {load:.1f}; synth took {made:.1f} s")
        print(f"{'stage':<10}{'seconds':>9}{'rows out':>12}{'input rows/s':>14}{'peak MiB':>10}")
        for event in stages:
            seconds = event["millis"] / 1000
            speed = rows / seconds if seconds else 0
            peak = peaks.get(event["stage"], 0) / (1 << 20)
            print(f"{event['stage']:<10}{seconds:>9.1f}{event['rows']:>12}{speed:>14,.0f}{peak:>10.0f}")
        print(f"{'night':<10}{whole:>9.1f}{'':>12}{rows / whole:>14,.0f}{max(peaks.values()) / (1 << 20):>10.0f}")
    finally:
        if not arguments.keep:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
