"""Measurements as JSON lines, and the table of medians and ratios made from them."""

import json
import os
import statistics
import time

from targets import target

HEAD = [
    "What", "plannerd", "peer", "ratio", "target", "met", "rounds", "processor µs", "of the peer"]
MET = {None: "–", True: "yes", False: "**no**"}


class Measurements:
    def __init__(self, path):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        self.path = path
        self.lines = []
        self.file = open(path, "w", encoding="utf-8")

    def write(self, kind, **members):
        line = {"kind": kind, "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), **members}
        self.lines.append(line)
        self.file.write(json.dumps(line) + "\n")
        self.file.flush()

    def measure(self, path, case, subject, work, servers):
        """Runs `work`, which gives value, unit, operations, the client's processor seconds and
        details; notes with it what the servers took meanwhile."""
        before, start = servers(), time.monotonic()
        result = work()
        result = {"operations": 1, "client": 0, **result}
        elapsed, after = time.monotonic() - start, servers()
        processor = {name: round(after[name] - before[name], 3) for name in before}
        processor["client"] = round(result.pop("client"), 3)
        self.write(
            "measurement", path=path, case=case, subject=subject, **result,
            elapsedSeconds=round(elapsed, 3), processorSeconds=processor,
            loadAverage=os.getloadavg()[0])

    def table(self):
        """A row for each case and peer: both medians, their ratio, the target, processor time."""
        cases = {}
        for line in self.lines:
            if line["kind"] == "measurement":
                subjects = cases.setdefault((line["path"], line["case"]), {})
                subjects.setdefault(line["subject"], []).append(line)
        rows = [HEAD]
        for (path, case), subjects in cases.items():
            # Peers that serve several cases are measured in a case of their own name.
            if "plannerd" in subjects:
                rows += self._rows(path, case, subjects, cases)
        return markdown(rows)

    def _rows(self, path, case, subjects, cases):
        own = subjects["plannerd"]
        peers = {name: lines for name, lines in subjects.items() if name != "plannerd"}
        for shared in own[0].get("peerCases", []):
            peers.update(cases.get((path, shared), {}))
        for peer, lines in peers.items() or [(None, None)]:
            ratio = median(own) / median(lines) if peer else None
            yield self._row(path, case, own, peer, lines, ratio)

    def _row(self, path, case, own, peer, lines, ratio):
        goal = target(path, case, peer)
        met = goal.is_met(median(own), ratio) if goal else None
        self.write(
            "summary", path=path, case=case, median=median(own), unit=own[0]["unit"], peer=peer,
            peerMedian=median(lines) if peer else None, ratio=ratio,
            target=str(goal) if goal else None, met=met)
        return [
            f"{path}: {case}", median_text(own), f"{peer} {median_text(lines)}" if peer else "–",
            f"{ratio:.2f}" if peer else "–", str(goal or "–"), MET[met],
            str(len(own)), processor_text(own), processor_text(lines) if peer else "–"]


def median(lines):
    return statistics.median(line["value"] for line in lines)


def median_text(lines):
    value, unit = median(lines), lines[0]["unit"]
    text = f"{value:,.0f}" if value >= 100 else f"{value:.1f}"
    text = text + unit if unit.startswith("/") else f"{text} {unit}"
    tails = [line["p95"] for line in lines if "p95" in line]
    return f"{text} (p95 {statistics.median(tails):,.0f})" if tails else text


def processor_text(lines):
    """Microseconds of processor time for an operation: in the client, in each server."""
    parts = []
    for name in ("client", "daemon", "postgres", "redis", "umadb"):
        if name not in lines[0]["processorSeconds"]:
            continue
        # Of all rounds together: the kernel counts in steps of 10 ms.
        spent = sum(line["processorSeconds"][name] for line in lines)
        each = 1e6 * spent / sum(line["operations"] for line in lines)
        # The daemon beside pgbench only polls the log.
        if each >= 0.05:
            parts.append(f"{name} {each:,.1f}" if each < 100 else f"{name} {each:,.0f}")
    return ", ".join(parts)


def markdown(rows):
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]

    def line(cells):
        return "| " + " | ".join(cell.ljust(width) for cell, width in zip(cells, widths)) + " |"

    rule = ["-" * width for width in widths]
    return "\n".join(line(cells) for cells in [rows[0], rule, *rows[1:]])
