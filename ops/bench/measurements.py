"""Measurements as JSON lines, and the table of medians and ratios made from them."""

import json
import os
import statistics
import time


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
        elapsed, after = time.monotonic() - start, servers()
        processor = {name: round(after[name] - before[name], 3) for name in before}
        processor["client"] = round(result.pop("client"), 3)
        self.write(
            "measurement", path=path, case=case, subject=subject, **result,
            elapsedSeconds=round(elapsed, 3), processorSeconds=processor,
            loadAverage=os.getloadavg()[0])

    def table(self):
        """A row for each case: both medians, their ratio, processor time of an operation."""
        measured = [line for line in self.lines if line["kind"] == "measurement"]
        cases = {}
        for line in measured:
            cases.setdefault((line["path"], line["case"]), []).append(line)
        rows = [["What", "plannerd", "peer", "ratio", "rounds", "processor µs", "of the peer"]]
        for (path, case), lines in cases.items():
            own = [line for line in lines if line["subject"] == "plannerd"]
            peer = [line for line in lines if line["subject"] != "plannerd"]
            # Where a peer serves several cases, it is measured in a case of its own name.
            if not own:
                continue
            shared = own[0].get("peerCase")
            peer = peer or cases.get((path, shared), [])
            row = [f"{path}: {case}", median_text(own)]
            ratio = median(own) / median(peer) if peer else None
            row += [f"{peer[0]['subject']} {median_text(peer)}" if peer else "–",
                    f"{ratio:.2f}" if ratio else "–", str(len(own)),
                    processor_text(own), processor_text(peer) if peer else "–"]
            self.write(
                "summary", path=path, case=case, median=median(own), unit=own[0]["unit"],
                peer=peer[0]["subject"] if peer else None,
                peerMedian=median(peer) if peer else None, ratio=ratio)
            rows.append(row)
        return markdown(rows)


def median(lines):
    return statistics.median(line["value"] for line in lines)


def median_text(lines):
    text, unit = f"{median(lines):,.0f}", lines[0]["unit"]
    text = text + unit if unit.startswith("/") else f"{text} {unit}"
    tails = [line["p95"] for line in lines if "p95" in line]
    return f"{text} (p95 {statistics.median(tails):,.0f})" if tails else text


def processor_text(lines):
    """Microseconds of processor time for an operation: in the client, in each server."""
    parts = []
    for name in ("client", "daemon", "postgres", "redis"):
        if name not in lines[0]["processorSeconds"]:
            continue
        each = statistics.median(
            1e6 * line["processorSeconds"][name] / line["operations"] for line in lines)
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
