"""How long it takes from a command to a query that shows it, beside one durable commit."""

from peers import Pgbench


def run(bench):
    with bench.daemon() as daemon:
        pgbench = Pgbench(daemon)
        daemon.submit_file(f"{bench.checkout}/ops/sample/life-plan.ndjson")
        for _ in bench.rounds("visible"):
            bench.measure(
                "append to visible", "1 client", "plannerd",
                lambda: latency(bench, daemon), daemon.processor_seconds)
            bench.measure(
                "append to visible", "1 client", "pgbench INSERT",
                lambda: pgbench.insert_latency(bench.seconds), daemon.processor_seconds)


def latency(bench, daemon):
    result = bench.load(daemon, "visible")
    return {**result, "value": result["microseconds"]["p50"], "unit": "µs",
            "p95": result["microseconds"]["p95"]}
