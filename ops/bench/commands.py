"""Commands a second, by 1 and by 32 connections, beside bare INSERTs by as many clients of pgbench."""

from peers import Pgbench


def run(bench):
    with bench.daemon() as daemon:
        pgbench = Pgbench(daemon)
        for _ in bench.rounds("commands"):
            for connections in (1, 32):
                case = "1 connection" if connections == 1 else f"{connections} connections"

                def submit():
                    return bench.load(daemon, "submit", connections=connections)

                bench.measure("commands", case, "plannerd", submit, daemon.processor_seconds)
                # Folding goes on behind the answers: it must not fall into the peer's time.
                daemon.wait_until_folded()
                bench.measure(
                    "commands", case, "pgbench INSERT",
                    lambda: pgbench.insert(connections, bench.seconds), daemon.processor_seconds)
        bench.note_sizes(daemon)
