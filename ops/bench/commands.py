"""Commands a second, beside bare INSERTs of as many rows by as many clients of pgbench."""

from peers import Pgbench

# The case, its connections, and the commands in one Submit.
CASES = [("1 connection", 1, 1), ("32 connections", 32, 1), ("1 connection, 100 a Submit", 1, 100)]


def run(bench):
    with bench.daemon() as daemon:
        pgbench = Pgbench(daemon)
        for _ in bench.rounds("commands"):
            for case, connections, batch in CASES:
                bench.measure(
                    "commands", case, "plannerd",
                    lambda: submit(bench, daemon, connections, batch), daemon.processor_seconds)
                bench.measure(
                    "commands", case, "pgbench INSERT",
                    lambda: pgbench.insert(connections, batch, bench.seconds),
                    daemon.processor_seconds)
        bench.note(
            "rowBytes",
            log=float(daemon.sql(file="row_size.sql", variables=["table=log.events"])),
            bareInsert=float(
                daemon.sql(file="row_size.sql", database="bench", variables=["table=events"])))


def submit(bench, daemon, connections, batch):
    result = bench.load(daemon, "submit", connections=connections, batch=batch)
    # Folding goes on behind the answers: its processor time belongs here, not into the peer's.
    daemon.wait_until_folded()
    return result
