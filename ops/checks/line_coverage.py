#!/usr/bin/env python3
"""Line coverage by module, from what `llvm-cov export --summary-only` wrote.

    line_coverage.py ROOT COVERAGE.json

A module is a folder of Sources. Exits 1 where all together or a module with a bound of its own is below it.
"""

import collections
import json
import pathlib
import sys

BOUND = 90.0
MODULE_BOUNDS = {"EventLog": 95.0, "Planner": 95.0}


def by_module(root, report):
    """Module -> [lines run, lines]; a file that several programs contain is counted once."""
    files = {}
    for entry in report["data"][0]["files"]:
        path = pathlib.Path(entry["filename"])
        if path.is_relative_to(root / "Sources"):
            lines = entry["summary"]["lines"]
            files[path] = (lines["covered"], lines["count"])
    modules = collections.defaultdict(lambda: [0, 0])
    for path, (covered, count) in files.items():
        module = modules[path.relative_to(root / "Sources").parts[0]]
        module[0] += covered
        module[1] += count
    return modules


def percent(covered, count):
    return 100.0 * covered / count if count else 100.0


def main():
    root = pathlib.Path(sys.argv[1]).resolve()
    with open(sys.argv[2], encoding="utf-8") as file:
        modules = by_module(root, json.load(file))
    missing = sorted(set(MODULE_BOUNDS) - set(modules))
    rows = [(name, *lines, MODULE_BOUNDS.get(name)) for name, lines in sorted(modules.items())]
    rows.append(("all", *(sum(row[column] for row in rows) for column in (1, 2)), BOUND))
    low = [f"{name} was not built" for name in missing]
    for name, covered, count, bound in rows:
        share = percent(covered, count)
        print(f"{name:24}{covered:8} of {count:6}  {share:6.2f} %" + (f"   at least {bound:g}" if bound else ""))
        if bound and share < bound:
            low.append(f"{name} is below {bound:g} %")
    for problem in low:
        print(problem)
    sys.exit(1 if low else 0)


if __name__ == "__main__":
    main()
