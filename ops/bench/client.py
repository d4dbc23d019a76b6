"""What a person waits for: the client's whole process at 10,000 open tasks, beside Taskwarrior at
as many.

In each turn both list what is next, add a task, complete it (plannerd by its title, Taskwarrior by
its number) and undo that."""

import json
import os
import re
import time

import people
import processes

TASKS, THEMES = 10_000, 25


def run(bench):
    tasks = 500 if bench.is_quick else TASKS
    with bench.daemon(["--prove-every", "0"]) as daemon:
        people.fill(daemon, [os.getuid()], THEMES, tasks)
        own, peer = Planner(daemon), Taskwarrior(daemon.folder, tasks)
        for turn in range(5 if bench.is_quick else 25):
            for name in ("best", "add", "done", "undo"):
                measure(bench, daemon, own, peer, name, f"Ask about the bicycle cellar {turn}")


def measure(bench, daemon, own, peer, name, title):
    bench.measure(
        "client", name, "plannerd", lambda: timed(getattr(own, name), title),
        daemon.processor_seconds)
    bench.measure(
        "client", name, f"task {'next' if name == 'best' else name}",
        lambda: timed(getattr(peer, name), title), lambda: {})


def timed(work, title):
    start = time.monotonic()
    client = work(title)
    return {"value": 1000 * (time.monotonic() - start), "unit": "ms", "client": client}


class Planner:
    def __init__(self, daemon):
        self.program = f"{daemon.programs}/planner"
        self.environment = {"PLANNERD_SOCKET": daemon.socket}

    def best(self, _):
        return self._run("best")

    def add(self, title):
        return self._run("task", "add", title)

    def done(self, title):
        return self._run("task", "done", title)

    def undo(self, _):
        return self._run("undo")

    def _run(self, *arguments):
        return processes.run([self.program, *arguments], environment=self.environment)[1]


class Taskwarrior:
    def __init__(self, folder, tasks):
        self.folder = f"{folder}/taskwarrior"
        os.makedirs(self.folder)
        with open(f"{self.folder}/taskrc", "w", encoding="utf-8") as file:
            file.write(f"data.location={self.folder}/data\nconfirmation=off\n")
        # In another timezone its burndown takes ten times as long.
        self.environment = {"TASKRC": f"{self.folder}/taskrc", "TZ": "UTC0"}
        self.number = None
        with open(f"{self.folder}/tasks.json", "w", encoding="utf-8") as file:
            json.dump([self._task(number) for number in range(tasks)], file)
        self._run("import", f"{self.folder}/tasks.json")

    @staticmethod
    def _task(number):
        return {
            "uuid": f"00000000-0000-4000-8000-{number:012x}", "status": "pending",
            "description": f"Write to the landlord about the windows {number}",
            "project": f"Theme {number % THEMES}", "priority": "HML"[number % 3],
            "due": f"2027{1 + number % 12:02}17T000000Z", "entry": "20261001T000000Z",
            "tags": ["home", "letters"]}

    def best(self, _):
        return self._run("next")[1]

    def add(self, title):
        output, client = self._run("add", title)
        self.number = re.search(r"Created task (\d+)", output).group(1)
        return client

    def done(self, _):
        return self._run(self.number, "done")[1]

    def undo(self, _):
        return self._run("undo")[1]

    def _run(self, *arguments):
        return processes.run(["task", *arguments], environment=self.environment)
