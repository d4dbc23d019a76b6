"""What each figure should be: of a ratio to a peer, or of a value where there is none."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Target:
    """A bound for a ratio (its unit is then ×) or for a value."""

    bound: float
    is_least: bool
    unit: str

    def is_met(self, value, ratio):
        figure = ratio if self.unit == "×" else value
        return figure >= self.bound if self.is_least else figure <= self.bound

    def __str__(self):
        return f"{'≥' if self.is_least else '≤'} {self.bound:g} {self.unit}"


def at_least(ratio):
    return Target(ratio, True, "×")


def at_most(bound, unit="×"):
    return Target(bound, False, unit)


# By path and case, then by peer; with the peer None it is about the value itself.
TARGETS = {
    ("commands", "1 connection"): {"pgbench INSERT": at_least(0.5)},
    ("commands", "32 connections"): {
        "pgbench INSERT": at_least(1), "UmaDB": at_least(1), "eventsourcing": at_least(20)},
    ("commands", "1 connection, 100 a Submit"): {
        "pgbench INSERT": at_least(0.3), "UmaDB": at_least(1)},
    ("queries", "PillarAverages, 32 connections"): {"Redis GET": at_least(1)},
    ("queries", "PillarAverages, 32 connections, 16 at once"): {"Redis GET": at_least(0.6)},
    ("cold", "PillarAverages, each of another planner"): {"pgbench": at_least(0.8)},
    ("append to visible", "at 500 commands a second"): {"pgbench INSERT, idle": at_most(6)},
    ("rebuild", "pillar_averages"): {"COPY": at_least(0.5), "eventsourcing": at_least(100)},
    ("rebuild", "theme_ratings"): {"COPY": at_least(0.5), "eventsourcing": at_least(100)},
    ("rebuild", "tasks"): {"COPY": at_least(0.5), "eventsourcing": at_least(100)},
    ("rebuild", "p99 of a reader meanwhile"): {"idle": at_most(3)},
    ("folding", "greatest lag"): {None: at_most(1_000, "ms")},
    ("folding", "lag after the last command"): {None: at_most(2_000, "ms")},
    ("client", "best"): {"task next": at_most(0.15)},
    ("client", "add"): {"task add": at_most(0.3)},
    ("client", "done"): {"task done": at_most(0.3)},
    ("client", "undo"): {"task undo": at_most(0.3)},
    ("start", "on a long log"): {None: at_most(300, "ms")},
    ("memory", "at rest"): {None: at_most(50, "MB")},
    ("memory", "of a connection"): {None: at_most(64, "KB")},
    ("memory", "1,000 active planners"): {None: at_most(300, "MB")},
    ("long past", "first command ever, on a log made elsewhere"): {},
    ("long past", "first command after a restart"): {None: at_most(100, "ms")},
}
# What a long past may cost any command or query, and what is promised under load.
PAST = {"no past": at_most(1.2)}
PROMISES = {
    "p95 of a command": {None: at_most(20, "ms")}, "p95 of a query": {None: at_most(5, "ms")},
    "p95 of a statement": {None: at_most(5, "ms")},
    # Those that fall on the edge of the minute.
    "calls that were due and found no room": {None: at_most(10, "calls")},
}


def target(path, case, peer):
    """The target of a figure, if it has one."""
    known = TARGETS.get((path, case))
    if known is None and path == "long past":
        known = PAST
    if known is None and path.startswith("slo"):
        known = PROMISES.get(case)
    known = known or {}
    return known.get(peer) or known.get(None)
