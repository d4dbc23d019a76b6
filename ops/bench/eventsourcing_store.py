"""The Python library `eventsourcing` with psycopg, on the Postgres that the daemon runs, in
a database of its own."""

import json

import packages
import processes
from daemon import HERE

DATABASE = "eventsourcing"


class EventSourcing:
    def __init__(self, daemon):
        self.daemon = daemon
        self.programs = packages.environment("eventsourcing")
        daemon.sql(f"CREATE DATABASE {DATABASE}")
        options = daemon.postgres_options([])
        self.variables = {
            "PERSISTENCE_MODULE": "eventsourcing.postgres", "POSTGRES_DBNAME": DATABASE,
            "POSTGRES_HOST": options[1], "POSTGRES_PORT": options[3], "POSTGRES_USER": options[5],
            "POSTGRES_PASSWORD": "unused", "POSTGRES_POOL_SIZE": "16", "POSTGRES_MAX_OVERFLOW": "0",
        }

    def append(self, clients, seconds):
        """Events a second, by two processes that share the clients as threads."""
        return self._run("append", 2, clients // 2, seconds)

    def fill(self, events):
        """Fills its log up to so many events."""
        self._run("fill", events)

    def project(self, events):
        """Events a second of its projection runner, from the start of the log."""
        self.daemon.sql(
            "DROP TABLE IF EXISTS titles, titles_tracking", database=DATABASE)
        return self._run("project", events)

    def _run(self, *arguments):
        output, client = processes.run(
            [f"{self.programs}/python", f"{HERE}/eventsourcing_clients.py", *map(str, arguments)],
            environment=self.variables)
        result = json.loads(output)
        return {"value": result.get("perSecond"), "unit": "/s", "client": client, **result}
