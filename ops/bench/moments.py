"""How long a question about a random moment of a long past takes, beside the same question about now.

The log is one planner's: a thousand tasks and whatever was done to them. Before the questions the copies of rows that
they begin with are made."""

import random
import statistics
import time

import processes

TASKS = 1_000
QUESTIONS = 100
PROJECTIONS = ["activity", "history", "pillar_averages", "tasks", "theme_ratings"]
METHODS = [
    "PillarAverages", "ThemeRatings", "RatingHistory", "Tasks", "Best", "History", "Activity"]


def run(bench):
    with bench.daemon(["--prove-every", "0"], projections=PROJECTIONS) as daemon:
        fill(bench, daemon)
        for _ in bench.rounds("moments", at_most=3):
            for method in METHODS:
                bench.measure(
                    "past", method, "plannerd", lambda: past(daemon, method, bench.events),
                    daemon.processor_seconds)
                bench.measure(
                    "past", method, "now", lambda: ask(daemon, method, [{}] * QUESTIONS),
                    daemon.processor_seconds)


def fill(bench, daemon):
    me = daemon.call("planner.Describe", {})
    daemon.sql(
        file="long_past.sql",
        variables=[f"events={bench.events}", f"tasks={TASKS}", f"planner={me['planner']}",
                   f"person={me['personId']}"])
    daemon.wait_until_folded()
    folded = time.monotonic()
    due = """SELECT count(*) FROM projection.builds b, projection.due_snapshots(b.build_id, 0, 100)
              WHERE b.state = 'live'"""
    while daemon.sql(due) != "0":
        if time.monotonic() - folded > 1_800:
            raise processes.Failure("the copies of rows are not made in half an hour")
        time.sleep(1)
    rows, size = daemon.sql(
        """SELECT sum(c.reltuples)::bigint, sum(pg_total_relation_size(c.oid)) FROM pg_class c
            WHERE relnamespace::regnamespace::text LIKE 'snapshots\\_%' AND relkind = 'r'"""
    ).split("|")
    bench.note(
        "snapshots", events=bench.events, secondsToMake=round(time.monotonic() - folded, 1),
        rows=int(rows), bytes=int(size))


def past(daemon, method, events):
    return ask(daemon, method, [
        {"asOf": {"position": random.randint(1, events)}} for _ in range(QUESTIONS)])


def ask(daemon, method, questions):
    times, before = [], time.process_time()
    for parameters in questions:
        start = time.monotonic()
        daemon.call(f"views.{method}", parameters)
        times.append(1e6 * (time.monotonic() - start))
    times.sort()
    return {"value": statistics.median(times), "unit": "µs", "p95": times[int(0.95 * len(times))],
            "operations": len(times), "client": time.process_time() - before}
