#!/usr/bin/env python3
"""Says for each SQL file of schema/ and projections/ whether the tests ran it, as Postgres counted.

    sql_coverage.py ROOT FOLDER BIN

Looks for the clusters that the tests left below FOLDER, starts each with the programs in BIN, and asks all
of its databases. The clusters must have run with track_functions = all and pg_stat_statements, as
`ops/test --coverage` has them do. What counts as run:

  schema/bootstrap.sql, migrations, triggers   the migrator has it on record
  schema/functions                             the function was called; one in plain SQL also where a function
                                               that was called names it, since Postgres writes such in place
  schema/views                                 a statement read it; of the two views `batch`, a build of their
                                               scope has folded events
  projections/*/table.sql, apply.sql           apply() was called after its trial on no events
  projections/*/queries                        the text, constants aside, is in a statement that ran

Exits 1 where one was not run.
"""

import json
import os
import pathlib
import pwd
import re
import signal
import subprocess
import sys
import tempfile
import time

SETTINGS = [
    f"--{setting}" for setting in (
        "listen_addresses=", "port=5432", "ssl=off", "track_functions=all", "fsync=off",
        "shared_preload_libraries=pg_stat_statements", "pg_stat_statements.max=50000",
        "pg_stat_statements.track=none")
]

FUNCTIONS = """
SELECT n.nspname || '.' || p.proname AS name, coalesce(s.calls, 0) AS calls, l.lanname = 'sql' AS plain,
       p.prosrc AS source
  FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_language l ON l.oid = p.prolang
  LEFT JOIN pg_stat_user_functions s ON s.funcid = p.oid
 WHERE n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema' AND l.lanname IN ('sql', 'plpgsql')
"""
MIGRATED = "SELECT 'migrations/' || name FROM migrator.migrations UNION SELECT path FROM migrator.objects"
SCOPES = "SELECT DISTINCT category IS NULL FROM projection.builds WHERE position > 0"
STATEMENTS = "SELECT DISTINCT query FROM pg_stat_statements WHERE calls > 0"


class Seen:
    """What the clusters tell."""

    def __init__(self):
        self.migrated = set()
        self.calls = {}
        self.inlined = {}
        self.sources = {}
        self.scopes = set()
        self.statements = set()


class Cluster:
    """A cluster that the tests left, started again as the account that it belongs to."""

    def __init__(self, data, programs, work):
        self.data = data
        self.programs = programs
        self.socket = tempfile.mkdtemp(dir=work)
        self.account = pwd.getpwuid(data.stat().st_uid)
        os.chown(self.socket, self.account.pw_uid, self.account.pw_gid)

    def identity(self):
        if os.geteuid() == self.account.pw_uid:
            return {}
        return {"user": self.account.pw_uid, "group": self.account.pw_gid, "extra_groups": []}

    def psql(self, database, statement):
        return subprocess.run(
            [f"{self.programs}/psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-h", self.socket, "-U", "plannerd_admin",
             "-d", database, "-c", statement],
            check=True, text=True, cwd="/", stdout=subprocess.PIPE, **self.identity()).stdout

    def __enter__(self):
        # By itself, for pg_ctl cannot have any folder that Postgres can: it passes its name through a shell.
        arguments = ["-D", str(self.data), *SETTINGS, "-c", f"unix_socket_directories={self.socket}"]
        with open(f"{self.socket}/log", "wb") as log:
            self.process = subprocess.Popen(
                [f"{self.programs}/postgres", *arguments], stdout=log, stderr=log, cwd="/", **self.identity())
        deadline = time.monotonic() + 60
        while subprocess.run(
                [f"{self.programs}/pg_isready", "-q", "-h", self.socket, "-d", "postgres"], check=False).returncode:
            if self.process.poll() is not None or time.monotonic() > deadline:
                with open(f"{self.socket}/log", encoding="utf-8") as log:
                    sys.exit(f"the cluster {self.data} does not start: {log.read()}")
            time.sleep(0.02)
        return self

    def __exit__(self, *_):
        # In order, for a crash recovery would forget what was counted.
        self.process.send_signal(signal.SIGINT)
        self.process.wait()

    def ask(self, database, query):
        """The rows, each an array of JSON values."""
        wrapped = f"SELECT coalesce(json_agg(row_to_json(q)), '[]') FROM ({query}) AS q"
        return [list(row.values()) for row in json.loads(self.psql(database, wrapped))]

    def tell(self, seen):
        databases = [row[0] for row in self.ask("postgres", "SELECT datname FROM pg_database WHERE datallowconn")]
        self.psql("postgres", "SET client_min_messages = warning; CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
        seen.statements |= {flat(row[0]) for row in self.ask("postgres", STATEMENTS)}
        for database in databases:
            if not self.ask(database, "SELECT 1 FROM pg_namespace WHERE nspname = 'projection'"):
                continue
            seen.migrated |= {row[0] for row in self.ask(database, MIGRATED)}
            seen.scopes |= {row[0] for row in self.ask(database, SCOPES)}
            for name, calls, plain, source in self.ask(database, FUNCTIONS):
                seen.calls[name] = seen.calls.get(name, 0) + calls
                seen.inlined[name] = plain
                seen.sources[name] = source


def flat(text):
    """A statement on one line, without comments."""
    return " ".join(re.sub(r"--[^\n]*", " ", text).split())


# A parameter, or in its place the NULL that the daemon writes where a question does not give it.
PARAMETER = r"\$\d+(?:::\w+(?:\[\])?)?"


def pattern(text):
    """The statement with its constants as pg_stat_statements shows them."""
    def rest(part):
        return re.sub(r"\\\$\d+", lambda _: PARAMETER, re.escape(part))

    parts = re.split(
        r"""('(?:[^']|'')*'|(?<![\w$."])\d+(?:\.\d+)?|\btrue\b|\bfalse\b|(?<=extract\()\w+)""", flat(text))
    return re.compile("".join(r"(?:\$\d+|%s)" % re.escape(part) if index % 2 else rest(part)
                              for index, part in enumerate(parts)))


def called(name, seen):
    """Whether a function ran, be it written in place of its call."""
    if seen.calls.get(name, 0) > 0:
        return True
    if not seen.inlined.get(name):
        return False
    return any(name in (source or "") and called(caller, seen)
               for caller, source in seen.sources.items() if caller != name)


def schema_ran(path, seen):
    kind, name = path.parts[0], f"{path.parent.name}.{path.stem}"
    if kind == "bootstrap.sql":
        return bool(seen.migrated)
    if str(path) not in seen.migrated:
        return False
    if kind == "functions":
        return called(name, seen)
    if kind == "views" and path.stem == "batch":
        return (path.parent.name == "batch_all") in seen.scopes
    if kind == "views":
        return any(name in statement for statement in seen.statements)
    return kind in ("migrations", "triggers")


def projection_ran(root, path, seen):
    if len(path.parts) == 3:
        statement = pattern((root / "projections" / path).read_text("utf-8"))
        return any(statement.search(text) for text in seen.statements)
    build = re.compile(re.escape(path.parts[0]) + r"_[0-9a-f]{8}_\d+\.apply")
    return any(calls > 1 and build.fullmatch(name) for name, calls in seen.calls.items())


def main():
    root, folder, programs = (pathlib.Path(argument).resolve() for argument in sys.argv[1:4])
    seen = Seen()
    clusters = sorted(path.parent for path in folder.rglob("PG_VERSION") if (path.parent / "global").is_dir())
    for data in clusters:
        with Cluster(data, programs, folder) as cluster:
            cluster.tell(seen)
    schema = [path.relative_to(root / "schema") for path in sorted((root / "schema").rglob("*.sql"))]
    views = [path.relative_to(root / "projections") for path in sorted((root / "projections").rglob("*.sql"))]
    missed = [f"schema/{path}" for path in schema if not schema_ran(path, seen)]
    missed += [f"projections/{path}" for path in views if not projection_ran(root, path, seen)]
    print(f"{len(schema) + len(views) - len(missed)} of {len(schema) + len(views)} files,"
          f" as {len(clusters)} clusters of the tests tell")
    for name in missed:
        print(f"{name} was not run by any test")
    sys.exit(1 if missed or not clusters else 0)


if __name__ == "__main__":
    main()
