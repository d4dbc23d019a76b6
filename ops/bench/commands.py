"""Commands a second, beside bare INSERTs of as many rows by as many clients of pgbench, and beside
appends to other event stores."""

from eventsourcing_store import EventSourcing
from peers import Pgbench
from umadb_server import UmaDB

# The case, its connections, and the commands in one Submit.
ONE = ("1 connection", 1, 1)
MANY = ("32 connections", 32, 1)
BATCHES = ("1 connection, 100 a Submit", 1, 100)


def run(bench):
    with bench.daemon() as daemon, UmaDB(bench, daemon.folder) as umadb:
        pgbench, store = Pgbench(daemon), EventSourcing(daemon)
        for _ in bench.rounds("commands"):
            for case, connections, batch in (ONE, MANY, BATCHES):
                measure(bench, daemon, pgbench, case, connections, batch)
                bench.measure(
                    "commands", case, "UmaDB",
                    lambda: umadb.append(connections, batch, bench.seconds),
                    umadb.processor_seconds)
            bench.measure(
                "commands", MANY[0], "eventsourcing", lambda: store.append(32, bench.seconds),
                daemon.processor_seconds)
        bench.note(
            "rowBytes",
            log=float(daemon.sql(file="row_size.sql", variables=["table=log.events"])),
            bareInsert=float(
                daemon.sql(file="row_size.sql", database="bench", variables=["table=events"])))


def measure(bench, daemon, pgbench, case, connections, batch):
    bench.measure(
        "commands", case, "plannerd", lambda: submit(bench, daemon, connections, batch),
        daemon.processor_seconds)
    bench.measure(
        "commands", case, "pgbench INSERT",
        lambda: pgbench.insert(connections, batch, bench.seconds), daemon.processor_seconds)


def submit(bench, daemon, connections, batch):
    result = bench.load(daemon, "submit", connections=connections, batch=batch)
    # Folding goes on behind the answers: its processor time belongs here, not into the peer's.
    daemon.wait_until_folded()
    return result
