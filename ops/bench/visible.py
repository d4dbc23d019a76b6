"""How long it takes from a command to a query that shows it, beside one durable commit.

The command and the query are of one client, while others send commands at a fixed rate."""

from peers import Pgbench

RATE = 500
CASES = [("1 client, idle", 0), (f"at {RATE} commands a second", RATE)]


def run(bench):
    with bench.daemon() as daemon:
        pgbench = Pgbench(daemon)
        daemon.submit_file(f"{bench.checkout}/ops/sample/life-plan.ndjson")
        for _ in bench.rounds("visible"):
            for case, rate in CASES:
                measure(bench, daemon, pgbench, case, rate)


def measure(bench, daemon, pgbench, case, rate):
    # Of all clients, so that the processor time of those who make the load is in it too.
    bench.measure(
        "append to visible", case, "plannerd", lambda: latency(bench, daemon, rate),
        daemon.processor_seconds)
    daemon.wait_until_folded()
    bench.measure(
        "append to visible", case, "pgbench INSERT, idle",
        lambda: pgbench.insert_latency(bench.seconds), daemon.processor_seconds)
    if rate:
        bench.measure(
            "append to visible", case, f"pgbench INSERT, at {rate} others a second",
            lambda: pgbench.insert_latency(bench.seconds, others=rate), daemon.processor_seconds)


def latency(bench, daemon, rate):
    # The one begins with a tenth of its time that does not count.
    others = rate and bench.start_load(
        daemon, "submit", connections=16, rate=rate, seconds=1.2 * bench.seconds)
    result = bench.load(daemon, "visible")
    if others:
        bench.loaded(others)
    return {**result, "value": result["microseconds"]["p50"], "unit": "µs",
            "p95": result["microseconds"]["p95"]}
