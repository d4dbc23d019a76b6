"""Memory of the daemon: at rest, for each of 1,000 connections, and with 1,000 planners of 1,000
tasks each that are active.

An active planner has submitted commands and asked two questions just before, on connections of its
own user. Their connections are closed when the memory is looked at."""

import resource
import time

import people
from filled import Filled

PLANNERS, TASKS, THEMES, CONNECTIONS = 1_000, 1_000, 25, 1_000


def run(bench):
    people.require_root("memory")
    planners = 20 if bench.is_quick else PLANNERS
    limits = ["--connections", "4096", "--connections-per-user", "2048", "--prove-every", "0"]
    with bench.daemon(limits) as daemon:
        note(bench, daemon, "at rest", at_rest(daemon), "MB", 1e6)
        note(bench, daemon, "of a connection", of_connections(daemon) / CONNECTIONS, "KB", 1e3)
    users = range(people.FIRST_USER, people.FIRST_USER + planners)
    daemon = bench.daemon(limits, ["pillar_averages", "tasks"])
    with Filled(
        bench, f"people-{planners}", daemon, "people.sql",
        lambda daemon: people.fill(daemon, users, THEMES, TASKS)
    ):
        note(bench, daemon, "at rest on a long log", at_rest(daemon), "MB", 1e6)
        note(
            bench, daemon, f"{planners:,} active planners", with_active(bench, daemon, planners),
            "MB", 1e6)


def note(bench, daemon, case, figure, unit, size):
    bench.measure(
        "memory", case, "plannerd", lambda: {"value": figure / size, "unit": unit},
        daemon.processor_seconds)


def at_rest(daemon):
    daemon.wait_until_folded()
    # What starting left over goes back.
    time.sleep(3)
    return daemon.resident_bytes()


def of_connections(daemon):
    """Of a thousand after the first thousand, which may use what starting has left free."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    sizes, streams = [], []
    try:
        for _ in range(2):
            for _ in range(CONNECTIONS):
                streams.append(daemon.connect())
                daemon.ask(streams[-1], "views.PillarAverages", {})
            sizes.append(daemon.resident_bytes())
        return sizes[1] - sizes[0]
    finally:
        for stream in streams:
            stream.close()


def with_active(bench, daemon, planners):
    common = {"connections": planners, "first_user": people.FIRST_USER}
    bench.load(daemon, "submit", rate=200, seconds=max(1, planners / 200), **common)
    bench.load(
        daemon, "query", "org.plannerd.views.PillarAverages", "{}", "org.plannerd.views.Tasks",
        '{"limit":20}', rate=400, seconds=max(1, planners / 200), **common)
    daemon.wait_until_folded()
    return daemon.resident_bytes()
