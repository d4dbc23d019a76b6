"""Events a second of rebuilding each projection from a long log, beside COPY of the same log."""

import os
import time

import processes

PEER = "COPY of the log"


def run(bench):
    with bench.daemon() as daemon:
        fill(bench, daemon)
        projections = [p["name"] for p in daemon.call("control.Health", {})["projections"]]
        copy(daemon, bench.events)
        for _ in bench.rounds("rebuild", at_most=3):
            for name in projections:
                bench.measure(
                    "rebuild", name, "plannerd", lambda: rebuild(daemon, name, bench.events),
                    daemon.processor_seconds)
                # The build that was replaced is dropped after two seconds.
                time.sleep(2.5)
            bench.measure(
                "rebuild", PEER, "COPY", lambda: copy(daemon, bench.events),
                daemon.processor_seconds)


def fill(bench, daemon):
    start = time.monotonic()
    daemon.sql(
        file="generate.sql",
        variables=[f"events={bench.events}", f"planners={bench.planners}"])
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
    _, client = processes.run(
        [f"{daemon.programs}/planner", "--socket", daemon.socket, "rebuild", name])
    seconds = time.monotonic() - start
    return {**rate(events, seconds, client), "peerCase": PEER}


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
