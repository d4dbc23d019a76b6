"""UmaDB, an event store with a log of its own, from its package on PyPI."""

import json
import socket
import subprocess
import time

import packages
import processes


class UmaDB:
    def __init__(self, bench, folder):
        self.generator = bench.compiled("umadb_load")
        programs = packages.environment("umadb")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.address = f"127.0.0.1:{free.getsockname()[1]}"
        self.process = subprocess.Popen(
            [f"{programs}/umadb", "--listen", self.address, "--db-path", f"{folder}/uma.db"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def __enter__(self):
        host, port = self.address.split(":")
        deadline = time.monotonic() + 20
        while True:
            try:
                socket.create_connection((host, int(port)), 1).close()
                return self
            except OSError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise processes.Failure("umadb does not start") from None
                time.sleep(0.02)

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()

    def append(self, clients, batch, seconds):
        """Events a second, as many in one append as `batch` says."""
        port = self.address.split(":")[1]
        output, client = processes.run(
            [self.generator, port, str(clients), str(batch), str(seconds)])
        result = json.loads(output)
        return {"value": result["perSecond"], "unit": "/s", "client": client, **result}

    def processor_seconds(self):
        return {"umadb": processes.seconds(self.process.pid)}
