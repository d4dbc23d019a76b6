"""What is promised under load: 10,000 tasks, 32 connections, 500 commands and 2,000 queries a second
for a minute.

Calls are sent when they are due, and their latency counts from then. Once the tasks are those of 16
people, each with a connection that commands and one that asks, as on a machine that they share, and
once all are one person's."""

import re
import time

import people
import statements

COMMANDS, QUERIES, TASKS, CONNECTIONS = 500, 2_000, 10_000, 32
QUESTIONS = [
    ("PillarAverages", "{}"), ("ThemeRatings", "{}"), ("Tasks", '{"limit":20}'),
    ("Tasks", '{"limit":20,"sort":"due","actionable":true}'), ("Best", '{"limit":10}'),
    ("Preferences", "{}"),
]
# Of each transaction, so that writing the Postgres log does not count.
SAMPLE = 0.02
DURATION = re.compile(
    r"^@(?P<pid>\d+) LOG:  duration: (?P<ms>[\d.]+) ms  (?P<step>parse|bind|execute|statement)",
    re.MULTILINE)


def run(bench):
    people.require_root("slo")
    for name, count in (("16 planners", 16), ("one planner", 1)):
        with bench.daemon(["--prove-every", "0"]) as daemon:
            users = range(people.FIRST_USER, people.FIRST_USER + count)
            people.fill(daemon, users, themes=25, tasks=TASKS // count)
            load(bench, daemon, f"slo, {name}", count)


def load(bench, daemon, path, users):
    seconds = 5 if bench.is_quick else 60
    before, start = daemon.processor_seconds(), time.monotonic()
    with Durations(daemon) as durations:
        results = under_load(bench, daemon, users, seconds)
    elapsed, after = time.monotonic() - start, daemon.processor_seconds()
    bench.note(
        "slo", path=path, elapsedSeconds=round(elapsed, 1), **results,
        statements=durations.milliseconds,
        processorSeconds={name: round(after[name] - before[name], 1) for name in after})
    due = seconds * (COMMANDS + QUERIES)
    sent = results["commands"]["operations"] + results["queries"]["operations"]
    for case, value, unit in (
        ("p95 of a command", results["commands"]["microseconds"]["p95"] / 1000, "ms"),
        ("p95 of a query", results["queries"]["microseconds"]["p95"] / 1000, "ms"),
        ("p95 of a statement", durations.milliseconds["p95"], "ms"),
        # The generator has room for 16 calls under way on each connection.
        ("calls that were due and found no room", max(0, due - sent), "calls"),
    ):
        bench.measure(
            path, case, "plannerd", lambda: {"value": value, "unit": unit},
            daemon.processor_seconds)


def under_load(bench, daemon, users, seconds):
    common = {"connections": CONNECTIONS // 2, "first_user": people.FIRST_USER, "seconds": seconds}
    queries = bench.start_load(
        daemon, "query", *(text for method, parameters in QUESTIONS
                           for text in (f"org.plannerd.views.{method}", parameters)),
        rate=QUERIES, users=users, **common)
    commands = bench.start_load(daemon, "submit", rate=COMMANDS, users=users, **common)
    return {"queries": bench.loaded(queries), "commands": bench.loaded(commands)}


class Durations:
    """How long the daemon's statements take in Postgres, of a sample of transactions: binding,
    which is planning, and execution."""

    def __init__(self, daemon):
        self.daemon = daemon
        self.path = f"{daemon.postgres_folder}/postgres.log"
        self.milliseconds = {}

    def __enter__(self):
        statements.configure(
            self.daemon, "SET log_line_prefix = '@%p '", f"SET log_transaction_sample_rate = {SAMPLE}")
        with open(self.path, encoding="utf-8") as file:
            self.start = file.seek(0, 2)
        return self

    def __exit__(self, *_):
        statements.configure(
            self.daemon, "RESET log_transaction_sample_rate", "RESET log_line_prefix")
        with open(self.path, encoding="utf-8") as file:
            file.seek(self.start)
            took = sorted(self._each(file.read()))
        self.milliseconds = {"count": len(took)}
        for name, share in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99), ("max", 1)):
            self.milliseconds[name] = took[int(share * (len(took) - 1))] if took else 0

    @staticmethod
    def _each(text):
        """Milliseconds of each statement: of its steps, which follow each other in a session."""
        steps = {}
        for entry in DURATION.finditer(text):
            spent = steps.pop(entry["pid"], 0) + float(entry["ms"])
            if entry["step"] in ("execute", "statement"):
                yield spent
            else:
                steps[entry["pid"]] = spent
