"""How far the views are behind while 10,000 commands a second arrive, and how long until they are
not once these stop.

The lag is the time since the oldest event that is not in all views was recorded, looked at ten
times a second."""

import subprocess
import time

import people

COMMANDS, BATCH, CONNECTIONS = 10_000, 100, 8
LAG = """SELECT extract(epoch FROM clock_timestamp()),
  coalesce(extract(epoch FROM clock_timestamp() - (SELECT recorded_at FROM log.events
    WHERE position = 1 + (SELECT min(position) FROM projection.builds WHERE state = 'live'))), 0)
\\watch 0.1
"""


def run(bench):
    people.require_root("folding")
    for _ in bench.rounds("folding", at_most=2):
        with bench.daemon(["--prove-every", "0"]) as daemon:
            measure(bench, daemon)


def measure(bench, daemon):
    results, servers = {}, daemon.processor_seconds
    bench.measure(
        "folding", f"commands taken, {COMMANDS:,} a second offered", "plannerd",
        lambda: take(bench, daemon, results), servers)
    for case, seconds in (
        ("greatest lag", results["greatest"]), ("lag after the last command", results["after"])
    ):
        bench.measure(
            "folding", case, "plannerd", lambda: {"value": 1000 * seconds, "unit": "ms"}, servers)


def take(bench, daemon, results):
    """Offers the commands, and waits until all are folded."""
    with Lag(daemon) as lag:
        load = bench.load(
            daemon, "submit", connections=CONNECTIONS, batch=BATCH, rate=COMMANDS / BATCH,
            seconds=2 if bench.is_quick else 10, first_user=people.FIRST_USER)
        end = time.time()
        daemon.wait_until_folded()
        time.sleep(0.3)
    results["greatest"] = max(seconds for _, seconds in lag.samples)
    behind = [at for at, seconds in lag.samples if at > end and seconds > 0]
    results["after"] = max(behind, default=end) - end
    return load


class Lag:
    def __init__(self, daemon):
        self.daemon, self.samples = daemon, []

    def __enter__(self):
        self.psql = subprocess.Popen(
            ["psql", "-XAtq", "-F", " ", *self.daemon.postgres_options(["-d", "plannerd"])],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.psql.stdin.write(LAG)
        self.psql.stdin.flush()
        return self

    def __exit__(self, *_):
        self.psql.terminate()
        output, _ = self.psql.communicate()
        lines = [line.split() for line in output.splitlines()]
        self.samples = [(float(line[0]), float(line[1])) for line in lines if len(line) == 2]
