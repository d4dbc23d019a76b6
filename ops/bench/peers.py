"""What plannerd is compared with, as measured by their own programs."""

import csv
import glob
import io
import os
import re
import statistics
import subprocess
import time

import processes
from daemon import HERE


class Pgbench:
    """Autocommit INSERTs of an event's size, by pgbench, on the Postgres that the daemon runs."""

    def __init__(self, daemon):
        self.daemon = daemon
        daemon.sql("CREATE DATABASE bench")
        daemon.sql(file="insert_table.sql", database="bench")

    def insert(self, clients, rows, seconds):
        """Rows a second, of as many in one INSERT as there is a file for."""
        file = {1: "insert.sql", 100: "insert_hundred.sql"}[rows]
        output, client = self._run(file, "-c", str(clients), "-j", "1", "-T", str(seconds))
        rate = float(re.search(r"tps = ([\d.]+)", output).group(1))
        count = int(re.search(r"actually processed: (\d+)", output).group(1))
        return {"value": rows * rate, "unit": "/s", "operations": rows * count, "client": client}

    def insert_latency(self, seconds, others=0):
        """The same by one client, as the median of what each took, while others insert at a rate."""
        folder = f"{self.daemon.folder}/pgbench"
        os.makedirs(folder, exist_ok=True)
        background = others and processes.start(
            self._command("insert.sql", "-c", "16", "-R", str(others), "-T", str(seconds + 1)))
        _, client = self._run(
            "insert.sql", "-T", str(seconds), "-l", "--log-prefix", f"{folder}/log")
        if background:
            processes.finish(background)
        latencies = []
        for path in glob.glob(f"{folder}/log*"):
            with open(path, encoding="utf-8") as file:
                latencies += [int(line.split()[2]) for line in file]
            os.remove(path)
        latencies.sort()
        return {
            "value": statistics.median(latencies), "unit": "µs", "operations": len(latencies),
            "p95": latencies[int(0.95 * (len(latencies) - 1))], "client": client,
        }

    def _run(self, file, *options):
        return processes.run(self._command(file, *options))

    def _command(self, file, *options):
        return ["pgbench", "-n", "-M", "prepared", "-f", f"{HERE}/sql/{file}", *options,
                *self.daemon.postgres_options(["bench"])]


def run_script(daemon, text, clients, seconds, user, settings):
    """Times a second that clients of pgbench run a script, prepared, in a role with some settings."""
    path = f"{daemon.folder}/script.sql"
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    output, client = processes.run(
        ["pgbench", "-n", "-M", "prepared", "-f", path, "-c", str(clients), "-T", str(seconds),
         *daemon.postgres_options(["plannerd"]), "-U", user],
        environment={"PGOPTIONS": settings})
    if "failed transactions: 0 " not in output:
        raise processes.Failure(f"pgbench: {output}")
    return {
        "value": float(re.search(r"tps = ([\d.]+)", output).group(1)), "unit": "/s",
        "operations": int(re.search(r"actually processed: (\d+)", output).group(1)),
        "client": client}


class Redis:
    """GET of one value over a Unix socket, from a redis-server that keeps nothing on disk."""

    def __init__(self, folder):
        self.socket = f"{folder}/redis.sock"
        self.process = subprocess.Popen(
            ["redis-server", "--port", "0", "--unixsocket", self.socket, "--save", "",
             "--appendonly", "no", "--dir", folder],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def __enter__(self):
        deadline = time.monotonic() + 10
        while not os.path.exists(self.socket):
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise processes.Failure("redis-server does not start")
            time.sleep(0.01)
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()

    def set(self, key, size):
        processes.run(["redis-cli", "-s", self.socket, "SET", key, "x" * size])

    def get(self, key, clients, depth, seconds):
        # It counts requests, not time: a short run says how many there must be.
        rate = self._get(key, clients, depth, 20_000)["value"]
        return self._get(key, clients, depth, max(20_000, int(rate * seconds)))

    def _get(self, key, clients, depth, count):
        output, client = processes.run(
            ["redis-benchmark", "-s", self.socket, "-c", str(clients), "-P", str(depth),
             "-n", str(count), "--csv", "GET", key])
        row = next(csv.DictReader(io.StringIO(output[output.index('"test"'):])))
        return {"value": float(row["rps"]), "unit": "/s", "operations": count, "client": client}

    def processor_seconds(self):
        return {"redis": processes.seconds(self.process.pid)}
