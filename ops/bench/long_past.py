"""What a long past costs: commands and queries of a planner with a thousand open tasks and a million
events behind them, beside the same of one that has the tasks and no past.

In each turn a command of each kind is sent for both, and then each question is asked, after a
command that changes all views, so that no answer is a kept one."""

import os
import random
import time
import uuid

import people
import processes
from filled import Filled

TASKS, THEMES = 1_000, 25
PROJECTIONS = ["pillar_averages", "tasks", "theme_ratings"]
CASES = {"plannerd": os.getuid(), "no past": people.FIRST_USER}


def long_past(bench):
    """A daemon on a log of a planner with a long past and of one without."""
    daemon = bench.daemon(["--prove-every", "0"], PROJECTIONS)
    return Filled(bench, "past", daemon, "long_past.sql", lambda daemon: fill(bench, daemon))


def fill(bench, daemon):
    me = daemon.call("planner.Describe", {})
    daemon.sql(
        file="long_past.sql",
        variables=[f"events={bench.events}", f"tasks={TASKS}", f"planner={me['planner']}",
                   f"person={me['personId']}"])
    people.fill(daemon, [people.FIRST_USER], THEMES, TASKS)


def run(bench):
    people.require_root("past")
    with long_past(bench) as daemon:
        measure(bench, daemon)


def measure(bench, daemon):
    # The log was filled by SQL: no daemon has decided on it, or kept a state of it.
    first_commands(bench, daemon, "first command ever, on a log made elsewhere")
    while int(daemon.sql("SELECT count(*) FROM log.states")) < len(CASES):
        time.sleep(0.1)
    for _ in bench.rounds("long past"):
        daemon.restart()
        first_commands(bench, daemon, "first command after a restart")
    for turn in range(2 if bench.is_quick else 20):
        persons = [Person(bench, daemon, subject) for subject in CASES]
        # The one that goes first may wait for what the other left behind.
        for person in persons if turn % 2 else persons[::-1]:
            person.turn()


def first_commands(bench, daemon, case):
    for subject in CASES:
        first = Person(bench, daemon, subject)
        # Of the whole call, with its connection.
        bench.measure(
            "long past", case, subject,
            lambda: first.timed(lambda: first.submit("createPillar", {
                "pillarId": new_id(), "name": f"Pillar {new_id()}"})),
            daemon.processor_seconds)


def new_id():
    milliseconds = int(time.time() * 1000)
    chance = uuid.uuid4().int & (1 << 62) - 1
    return str(uuid.UUID(int=milliseconds << 80 | 7 << 76 | 2 << 62 | chance))


class Person:
    def __init__(self, bench, daemon, subject):
        self.bench, self.daemon, self.subject = bench, daemon, subject
        self.stream = daemon.connect(CASES[subject])

    def turn(self):
        pillar, theme, other, task, name = (new_id() for _ in range(5))
        steps = [
            ("createPillar", {"pillarId": pillar, "name": f"Pillar {name}"}),
            ("changePillar", {"pillarId": pillar, "color": "#3A6FD8"}),
            ("createTheme", {"themeId": theme, "pillarId": pillar, "name": "Theme"}),
            ("createTheme", {"themeId": other, "pillarId": pillar, "name": "Other"}),
            ("changeTheme", {"themeId": theme, "name": "Theme of all"}),
            ("rateTheme", {"themeId": theme, "ratingPercent": 70}),
            ("createTask", {"taskId": task, "themeId": theme, "title": "Call the landlord"}),
            ("changeTask", {"taskId": task, "priority": 4}),
            ("moveTask", {"taskId": task, "themeId": other}),
            ("startTask", {"taskId": task}), ("completeTask", {"taskId": task}),
            ("reopenTask", {"taskId": task}),
            ("snoozeTask", {"taskId": task, "until": "2031-05-17T08:00:00Z"}),
            ("wakeTask", {"taskId": task}), ("removeTask", {"taskId": task}),
            ("undo", None), ("changePreferences", {"extra": {"turn": name}}),
            ("removeTheme", {"themeId": theme}), ("removePillar", {"pillarId": pillar}),
        ]
        # Stays, and is rated to make answers old.
        place, rated, last = new_id(), new_id(), None
        self.submit("createPillar", {"pillarId": place, "name": f"Kept {place}"})
        self.submit("createTheme", {"themeId": rated, "pillarId": place, "name": "Rated"})
        for kind, body in steps:
            last = self.step(kind, {"commandIds": [last["commandId"]]} if body is None else body)
        self.ask_all(task, rated)
        self.stream.close()

    def step(self, kind, body):
        outcome = {}
        self.measure(kind, lambda: outcome.update(self.submit(kind, body)))
        return outcome

    def ask_all(self, task, rated):
        for method, parameters in (
            ("PillarAverages", {}), ("ThemeRatings", {}), ("Tasks", {"limit": 20}),
            ("Tasks", {"limit": 20, "sort": "due", "actionable": True}), ("Task", {"taskId": task}),
            ("Best", {"limit": 10}), ("Removed", {}), ("Preferences", {}),
            ("RatingHistory", {"limit": 20}),
        ):
            # Makes what was kept old, in all views, and waits until it is.
            rating = {"themeId": rated, "ratingPercent": random.randint(0, 100)}
            self.wait_for(self.submit("rateTheme", rating)["lastPosition"])
            name = f"{method} by due" if "sort" in parameters else method
            self.measure(name, lambda: self.ask(method, parameters))

    def wait_for(self, position):
        # By a question to no view, since a view might keep its answer.
        def folded():
            return self.daemon.ask(self.stream, "control.Health", {})["projections"]

        while any(projection["position"] < position for projection in folded()):
            time.sleep(0.001)

    def ask(self, method, parameters):
        return self.daemon.ask(self.stream, f"views.{method}", parameters)

    def submit(self, kind, body):
        command = {"commandId": new_id(), kind: body}
        outcome = self.daemon.ask(
            self.stream, "planner.Submit", {"commands": [command]})["outcomes"][0]
        if outcome["result"] != "applied":
            raise processes.Failure(f"{kind}: {outcome}")
        return outcome

    def measure(self, case, work):
        self.bench.measure(
            "long past", case, self.subject, lambda: self.timed(work),
            self.daemon.processor_seconds)

    @staticmethod
    def timed(work):
        start = time.monotonic()
        work()
        return {"value": 1000 * (time.monotonic() - start), "unit": "ms"}
