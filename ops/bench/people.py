"""People whose planners a log is filled with: users of this machine, by uid, as the daemon derives
their ids."""

import os
import uuid

import processes
from daemon import Daemon

# Of the daemon's `People`.
NAMESPACE = uuid.UUID("6f0c3c5e-8d57-4b0e-9a55-2d9d1f6b7c11")
# Users that nobody is.
FIRST_USER = 200_000


def person(uid):
    return uuid.uuid5(NAMESPACE, f"person/{Daemon.AUTHORITY}/{uid}")


def planner(uid):
    return uuid.uuid5(person(uid), "planner")


def require_root(path):
    if os.geteuid() != 0:
        raise processes.Failure(f"{path} asks as many users, which only root may")


def fill(daemon, users, themes, tasks, others=0):
    """Gives each of the users a planner; `others` more planners belong to nobody and have the
    numbers from 1 as their ids."""
    path = f"{daemon.folder}/people.csv"
    with open(path, "w", encoding="utf-8") as file:
        for number, uid in enumerate(users):
            file.write(f"{number},{planner(uid)},{person(uid)},{uid}\n")
        for number in range(1, others + 1):
            planner_id = uuid.UUID(int=number)
            file.write(f"{len(users) + number - 1},{planner_id},{planner_id},0\n")
    # As the superuser reads it, whoever runs the benchmark.
    os.chmod(path, 0o644)
    daemon.sql(
        "CREATE TEMP TABLE people (number int PRIMARY KEY, planner uuid, person uuid, uid bigint);"
        f"COPY people FROM '{path}' (FORMAT csv); ANALYZE people", file="people.sql",
        variables=[f"themes={themes}", f"tasks={tasks}"])
    daemon.wait_until_folded()
    daemon.sql("VACUUM ANALYZE")
