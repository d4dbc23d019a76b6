"""How long the daemon takes to start on a long log, with Postgres already up: until its first answer,
which is a view's."""

import os
import subprocess
import time

import processes
import rebuild

STARTS = 10


def run(bench):
    daemon = bench.keep("long log", lambda: rebuild.long_log(bench))
    daemon.stop()
    try:
        measure(bench, daemon)
    finally:
        daemon.start()


def measure(bench, daemon):
    with Postgres(daemon) as postgres:
        # The first start on another data folder writes what that folder is to keep.
        start(daemon, postgres)
        for _ in bench.rounds("start", at_most=1):
            for _ in range(3 if bench.is_quick else STARTS):
                bench.measure(
                    "start", "on a long log", "plannerd",
                    lambda: {"value": start(daemon, postgres), "unit": "ms"}, lambda: {})


def start(daemon, postgres):
    """Starts the daemon, asks a question, and stops it; gives the milliseconds until it was answered."""
    before = time.monotonic()
    try:
        daemon.start(f"{daemon.folder}/other-data", ["--database", postgres.url])
        daemon.call("views.PillarAverages", {})
        return 1000 * (time.monotonic() - before)
    finally:
        daemon.stop()


class Postgres:
    """The daemon's own cluster, started without the daemon."""

    def __init__(self, daemon):
        self.daemon = daemon
        options = daemon.postgres_options([])
        self.url = f"postgresql://{options[5]}@/plannerd?host={options[1]}&port={options[3]}"
        data = f"{daemon.postgres_folder}/data"
        with open(f"{data}/PG_VERSION", encoding="utf-8") as file:
            major = file.read().strip()
        self.socket_folder, owner = options[1], os.stat(data)
        self.command = [f"/usr/lib/postgresql/{major}/bin/postgres", "-D", data]
        self.user, self.group = owner.st_uid, owner.st_gid

    def __enter__(self):
        # The daemon takes the folder of the socket away when it stops.
        os.makedirs(self.socket_folder, 0o700, exist_ok=True)
        account = {}
        if os.geteuid() == 0:
            os.chown(self.socket_folder, self.user, self.group)
            account = {"user": self.user, "group": self.group}
        self.process = subprocess.Popen(
            self.command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/", **account)
        deadline = time.monotonic() + 60
        while not self._answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise processes.Failure("Postgres does not start without the daemon")
            time.sleep(0.1)
        return self

    def _answers(self):
        try:
            return self.daemon.sql("SELECT 1") == "1"
        except processes.Failure:
            return False

    def __exit__(self, *_):
        self.process.send_signal(2)
        self.process.wait(90)
