"""A plannerd of the benchmark's own: a release build on a data folder in a temporary folder."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import processes

HERE = os.path.dirname(os.path.abspath(__file__))
CHECKOUT = os.path.dirname(os.path.dirname(HERE))


class Daemon:
    # What uids belong to: so that the ids of planners are the same on each machine.
    AUTHORITY = "bench"

    def __init__(self, programs, arguments=(), projections=None):
        """`projections` names those to run; all where it is left out."""
        self.programs = programs
        self.folder = tempfile.mkdtemp(prefix="plannerd-bench-")
        # Where the daemon is root, the user `postgres` must get through.
        os.chmod(self.folder, 0o755)
        self.data = f"{self.folder}/data"
        self.socket = f"{self.folder}/socket/plannerd.sock"
        self.arguments = list(arguments)
        self.projections = f"{CHECKOUT}/projections"
        if projections:
            self.projections = f"{self.folder}/projections"
            for name in projections:
                shutil.copytree(f"{CHECKOUT}/projections/{name}", f"{self.projections}/{name}")
        self.process = None

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.stop()
        shutil.rmtree(self.postgres_folder, ignore_errors=True)
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self, data=None, arguments=()):
        """Starts it, on its own data folder unless another is named, and waits until its socket is there."""
        with open(f"{self.folder}/log", "ab") as log:
            self.process = subprocess.Popen(
                [f"{self.programs}/plannerd", "--data", data or self.data, "--socket", self.socket,
                 "--schema", f"{CHECKOUT}/schema", "--projections", self.projections,
                 "--authority", self.AUTHORITY, *self.arguments, *arguments],
                stdout=log, stderr=log)
        deadline = time.monotonic() + 120
        while not self._listens():
            if self.process.poll() is not None or time.monotonic() > deadline:
                with open(f"{self.folder}/log", encoding="utf-8") as log:
                    raise processes.Failure(f"plannerd does not start: {log.read().strip()}")
            time.sleep(0.001)

    def _listens(self):
        try:
            self.connect().close()
        except (FileNotFoundError, ConnectionRefusedError):
            return False
        return True

    def stop(self):
        """Stops it with its Postgres, in order."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(90)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def restart(self):
        self.stop()
        self.start()

    # Postgres

    @property
    def postgres_folder(self):
        """Elsewhere where the user `postgres` cannot reach the data folder: a note says so."""
        try:
            with open(f"{self.data}/postgres-location", encoding="utf-8") as note:
                return note.readline().strip()
        except FileNotFoundError:
            return f"{self.data}/postgres"

    @property
    def postgres_pid(self):
        with open(f"{self.postgres_folder}/data/postmaster.pid", encoding="utf-8") as file:
            return int(file.readline())

    def postgres_options(self, database):
        """How psql and pgbench reach the very cluster that the daemon runs, as its superuser."""
        with open(f"{self.postgres_folder}/data/plannerd.conf", encoding="utf-8") as file:
            folder = re.search(r"unix_socket_directories = '(.*)'", file.read()).group(1)
        return ["-h", folder, "-p", "5432", "-U", "plannerd_admin", *database]

    def sql(self, text=None, file=None, database="plannerd", variables=()):
        """Runs a statement, then a file of sql/; gives what they returned."""
        source = ["-c", text] if text else []
        source += ["-f", f"{HERE}/sql/{file}"] if file else []
        settings = [option for variable in variables for option in ("-v", variable)]
        output, _ = processes.run(
            ["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", *settings,
             *self.postgres_options(["-d", database]), *source])
        return output.strip()

    # The daemon's own socket

    def connect(self, uid=None):
        """A connection, as another user where one is named."""
        stream = socket.socket(socket.AF_UNIX)
        # The group stays root, which the socket is open to.
        os.seteuid(os.getuid() if uid is None else uid)
        try:
            stream.connect(self.socket)
        finally:
            os.seteuid(os.getuid())
        return stream

    def call(self, method, parameters, uid=None):
        """One call on a connection of its own; gives the reply's parameters."""
        with self.connect(uid) as stream:
            return self.ask(stream, method, parameters)

    def ask(self, stream, method, parameters):
        """One call on a connection; gives the reply's parameters."""
        call = {"method": f"org.plannerd.{method}", "parameters": parameters}
        stream.sendall(json.dumps(call).encode() + b"\0")
        reply = b""
        while not reply.endswith(b"\0"):
            chunk = stream.recv(1 << 20)
            if not chunk:
                raise processes.Failure(f"{method}: the daemon closed the connection")
            reply += chunk
        reply = json.loads(reply[:-1])
        if "error" in reply:
            raise processes.Failure(f"{method}: {reply}")
        return reply["parameters"]

    def submit_file(self, path):
        """Submits a file of commands, one a line."""
        with open(path, encoding="utf-8") as lines:
            commands = [json.loads(line) for line in lines]
        outcomes = self.call("planner.Submit", {"commands": commands})["outcomes"]
        refused = [outcome for outcome in outcomes if outcome["result"] != "applied"]
        if refused:
            raise processes.Failure(f"refused: {refused[0]}")

    def wait_until_folded(self, timeout=900):
        """Waits until all projections are at the head of the log, and gives that."""
        head = int(self.sql("SELECT coalesce(max(position), 0) FROM log.events"))
        deadline = time.monotonic() + timeout
        while True:
            projections = self.call("control.Health", {})["projections"]
            broken = [p for p in projections if p.get("message")]
            if broken or time.monotonic() > deadline:
                raise processes.Failure(f"projections do not follow: {broken or projections}")
            if all(p["position"] == head for p in projections):
                return head
            time.sleep(0.1)

    def resident_bytes(self):
        return processes.resident_bytes(self.process.pid)

    def processor_seconds(self):
        return {
            "daemon": processes.seconds(self.process.pid),
            "postgres": processes.seconds_of_tree(self.postgres_pid),
        }
