"""Events a second of rebuilding each projection from a long log, beside COPY of the same log and
beside the projection runner of `eventsourcing` on a shorter one; and what a reader notices."""

import os
import time

import processes
import slo
from eventsourcing_store import EventSourcing
from filled import Filled

PROJECTIONS = ["pillar_averages", "theme_ratings", "tasks"]
COPY, RUNNER, READER = "COPY of the log", "projection runner", "p99 of a reader meanwhile"
# Of the log that the projection runner goes through, and of the reader's questions a second.
RUNNER_EVENTS, QUESTIONS = 20_000, 100


def long_log(bench):
    """A daemon on a long log, which several paths use."""
    daemon = bench.daemon(["--prove-every", "0"], PROJECTIONS)
    name = f"long-{bench.planners}"
    return Filled(bench, name, daemon, "generate.sql", lambda daemon: fill(bench, daemon))


def run(bench):
    daemon = bench.keep("long log", lambda: long_log(bench))
    store, events = EventSourcing(daemon), RUNNER_EVENTS // (10 if bench.is_quick else 1)
    store.fill(events)
    copy(daemon, bench.events)
    for _ in bench.rounds("rebuild", at_most=3):
        for name in PROJECTIONS:
            bench.measure(
                "rebuild", name, "plannerd", lambda: rebuild(daemon, name, bench.events),
                daemon.processor_seconds)
            # The build that was replaced is dropped after two seconds.
            time.sleep(2.5)
        bench.measure(
            "rebuild", COPY, "COPY", lambda: copy(daemon, bench.events), daemon.processor_seconds)
        bench.measure(
            "rebuild", RUNNER, "eventsourcing", lambda: store.project(events),
            daemon.processor_seconds)
        bench.measure(
            "rebuild", READER, "idle", lambda: read(bench, daemon, None), daemon.processor_seconds)
        bench.measure(
            "rebuild", READER, "plannerd", lambda: read(bench, daemon, "tasks"),
            daemon.processor_seconds)
        time.sleep(2.5)


def fill(bench, daemon):
    start = time.monotonic()
    me = daemon.call("planner.Describe", {})
    daemon.sql(
        file="generate.sql",
        variables=[f"events={bench.events}", f"planners={bench.planners}",
                   f"planner={me['planner']}", f"person={me['personId']}"])
    generated = time.monotonic()
    position = daemon.wait_until_folded()
    if position != bench.events:
        raise processes.Failure(f"the log has {position} events, not {bench.events}")
    daemon.sql("VACUUM ANALYZE log.events")
    daemon.sql("CHECKPOINT")
    bench.note(
        "log", events=position, planners=bench.planners,
        secondsToAppend=round(generated - start, 1),
        secondsUntilFolded=round(time.monotonic() - start, 1),
        bytes=int(daemon.sql("SELECT pg_relation_size('log.events')")))


def rebuild(daemon, name, events):
    start = time.monotonic()
    _, client = processes.finish(start_rebuild(daemon, name))
    seconds = time.monotonic() - start
    return {**rate(events, seconds, client), "peerCases": [COPY, RUNNER]}


def start_rebuild(daemon, name):
    return processes.start(
        [f"{daemon.programs}/planner", "--socket", daemon.socket, "rebuild", name])


def read(bench, daemon, name):
    """What the slowest of a hundred questions waits, while a projection is rebuilt where one is named."""
    rebuilding = name and start_rebuild(daemon, name)
    # About as long as a rebuild takes.
    seconds = 1 if bench.is_quick else 6
    questions = [text for method, parameters in slo.QUESTIONS[:4]
                 for text in (f"org.plannerd.views.{method}", parameters)]
    result = bench.load(
        daemon, "query", *questions, connections=4, rate=QUESTIONS, seconds=seconds)
    if rebuilding:
        processes.finish(rebuilding)
    return {**result, "value": result["microseconds"]["p99"] / 1000, "unit": "ms"}


def copy(daemon, events):
    with open(os.devnull, "wb") as nowhere:
        start = time.monotonic()
        _, client = processes.run(
            ["psql", "-Xq", *daemon.postgres_options(["-d", "plannerd"]),
             "-c", "COPY log.events TO STDOUT"],
            stdout=nowhere)
        seconds = time.monotonic() - start
    return rate(events, seconds, client)


def rate(events, seconds, client):
    return {"value": events / seconds, "unit": "/s", "operations": events, "client": client}
