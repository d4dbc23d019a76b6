#!/usr/bin/env python3
"""Says whether a planner is what the commands that count make of it.

    undo.py < events.ndjson

Reads the events of one planner as JSON lines in order: type, data, commandId, and command, the command's name. Folds all
of them, which is how the planner is, and again from nothing those of the commands that count alone, leaving out what
undos wrote. Prints each difference on a line, and at the end how many commands count of how many. Exits 1 where there
is a difference. Ranks are left out: a task whose rank is taken comes to stand beside it.
"""

import json
import sys

MEMBERS = ("taskId", "themeId", "pillarId")


def entity(data):
    return next((data[name] for name in MEMBERS if name in data), None)


def fold(things, kind, data):
    """An event as it is written."""
    if kind == "PreferencesChanged":
        things.setdefault("preferences", {}).update(data["after"])
    elif kind.endswith("Removed"):
        things.pop(entity(data), None)
    elif kind.endswith(("Created", "Restored")):
        things[entity(data)] = dict(data["after"])
    elif entity(data) in things and kind != "TasksReranked":
        things[entity(data)].update(data["after"])


def derive(things, kind, data):
    """What follows from other fields, as it is without the commands that do not count."""
    thing = things.get(entity(data))
    after = data.get("after", {})
    if thing is None or kind.endswith(("Created", "Removed")):
        return fold(things, kind, data)
    rating = thing.get("ratingPercent")
    fold(things, kind, data)
    if kind == "ThemeRated":
        thing["previousRating"] = rating
    if kind == "TaskChanged":
        if after.get("dueDate") is not None:
            thing["dueAt"] = None
        elif after.get("dueAt") is not None:
            thing["dueDate"] = None
        thing["taskType"] = "recurring" if thing.get("recurrence") else "adhoc"


def commands_of(events):
    commands = {}
    for event in events:
        command = commands.setdefault(
            event["commandId"], {"name": event.get("command"), "events": [], "undoes": set()})
        command["events"].append(event)
    for command in commands.values():
        own = [(event["type"], event["data"]) for event in command["events"]]
        command["undoes"] = {data["commandId"] for kind, data in own if kind == "CommandUndone"}
        for kind, data in own:
            if kind == "CommandRedone" and data["commandId"] in commands:
                command["undoes"] -= commands[data["commandId"]]["undoes"]
    return commands


def without_undone(commands):
    """The commands that count: those that no later one which itself counts has undone."""
    undone = set()
    for identity, command in reversed(commands.items()):
        if identity not in undone:
            undone |= command["undoes"]
    return [command for identity, command in commands.items() if identity not in undone]


def plain(things):
    return {
        identity: {
            name: value for name, value in fields.items()
            if name != "rank" and value not in (None, [])}
        for identity, fields in things.items()}


def main():
    events = [json.loads(line) for line in sys.stdin if line.strip()]
    commands = commands_of(events)
    counting = without_undone(commands)
    actual, wanted = {}, {}
    for event in events:
        fold(actual, event["type"], event["data"])
    for command in counting:
        if command["name"] != "undo":
            for event in command["events"]:
                derive(wanted, event["type"], event["data"])
    actual, wanted = plain(actual), plain(wanted)
    defaults = {"urgency": 40, "priority": 35, "impact": 15, "effort": 10, "timezone": "UTC",
                "workStart": "09:00", "workEnd": "17:00", "weekStart": "monday",
                "habitLearning": True}
    for things in (actual, wanted):
        things["preferences"] = defaults | things.get("preferences", {})
    different = [key for key in actual.keys() | wanted.keys() if actual.get(key) != wanted.get(key)]
    for key in sorted(different):
        print(f"{key} is {actual.get(key)}, and should be {wanted.get(key)}")
    print(f"{len(counting)} of {len(commands)} commands count")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
