#!/usr/bin/env python3
"""Folds the event log by itself and prints the rows that the views should give.

    fold.py < events.ndjson > rows.json

Reads events as JSON lines, members as in the type Event of org.plannerd.planner, in any order. Prints one
object: planner id -> query name -> rows, columns and order as the query gives them by default.
Instants are printed in UTC with Z and without trailing zeros of the fraction.
"""

import datetime
import json
import sys
import zoneinfo

DEFAULTS = {
    "urgency": 40,
    "priority": 35,
    "impact": 15,
    "effort": 10,
    "timezone": "UTC",
    "workStart": "09:00",
    "workEnd": "17:00",
    "weekStart": "monday",
    "habitLearning": True,
}

TASK_FIELDS = (
    "themeId title description notes timeEstimate effortMinutes impact priority status dueDate dueAt"
    " snoozedUntil completedAt rank taskType recurrence"
).split()

TASK_INSTANTS = ("dueAt", "snoozedUntil", "completedAt")


def instant(text):
    """A datetime in UTC from an RFC 3339 string, None from None."""
    if text is None:
        return None
    return datetime.datetime.fromisoformat(text).astimezone(datetime.timezone.utc)


def shown(moment):
    """The one way in which this program prints an instant."""
    if moment is None:
        return None
    text = moment.strftime("%Y-%m-%dT%H:%M:%S")
    if moment.microsecond:
        text += f".{moment.microsecond:06d}".rstrip("0")
    return text + "Z"


def end_of_day(date, timezone):
    """The instant at which a day ends: the next midnight; of two that the clocks show, the later."""
    midnight = datetime.datetime.fromisoformat(date) + datetime.timedelta(days=1)
    zone = zoneinfo.ZoneInfo(timezone)
    utc = datetime.timezone.utc
    return max(midnight.replace(tzinfo=zone, fold=fold).astimezone(utc) for fold in (0, 1))


def half_up(total, count):
    """The mean as a whole number, a half rounded up."""
    quotient, rest = divmod(total, count)
    return quotient + (1 if 2 * rest >= count else 0)


class Planner:
    """The state of one planner: dictionaries of what is, and of what was removed."""

    def __init__(self, key):
        self.key = key
        self.live = {"pillar": {}, "theme": {}, "task": {}}
        self.removed = {}
        self.gone = {}
        self.ratings = []
        self.undone = set()
        self.preferences = {}
        self.preferences_touched = None

    def apply(self, event):
        """Folds one event; a type that is not known here changes nothing."""
        kind, data = event["type"], event["data"]
        if kind == "CommandUndone":
            self.undone.add(data["commandId"])
            return
        if kind == "CommandRedone":
            self.undone.discard(data["commandId"])
            return
        if kind == "PreferencesChanged":
            self.preferences.update(data["after"])
            self.preferences_touched = event
            return
        if kind == "TasksReranked":
            for task, rank in data["after"]["ranks"].items():
                if task in self.live["task"]:
                    self.touch(self.live["task"][task], event, {"rank": rank})
            return
        for entity in ("pillar", "theme", "task"):
            if kind.lower().startswith(entity):
                self.apply_to(entity, kind[len(entity):], data[entity + "Id"], event)

    def apply_to(self, entity, what, key, event):
        """Folds an event of one pillar, theme or task."""
        things = self.live[entity]
        data = event["data"]
        if what == "Created":
            things[key] = {"createdAt": event["occurredAt"], "createdBy": event["commandId"]}
            self.removed.pop((entity, key), None)
        if what == "Restored" and key not in things and (entity, key) in self.removed:
            things[key] = self.gone.pop((entity, key))
            del self.removed[entity, key]
        if key not in things:
            return
        if what == "Removed":
            gone = self.gone[entity, key] = things.pop(key)
            self.removed[entity, key] = (gone.get("name", gone.get("title")), event)
            return
        self.touch(things[key], event, data["after"])
        if entity == "theme" and what == "Rated":
            self.ratings.append((key, event))

    def counting(self):
        """The ratings that were not undone, in the order of the log: id of the theme, event."""
        return [(key, event) for key, event in self.ratings if event["commandId"] not in self.undone]

    def rated_at(self, theme):
        """When a theme was last rated, None where no rating counts."""
        times = [event["occurredAt"] for key, event in self.counting() if key == theme]
        return shown(instant(times[-1])) if times else None

    @staticmethod
    def touch(thing, event, fields):
        thing.update(fields)
        thing["updatedAt"] = event["occurredAt"]
        thing["version"] = event["version"]

    def known(self, entity):
        """Ids and things of a kind, what is gone included."""
        gone = {key: thing for (kind, key), thing in self.gone.items() if kind == entity}
        return {**gone, **self.live[entity]}

    @staticmethod
    def in_order(things):
        """Ids and things, oldest first."""
        return sorted(things.items(), key=lambda item: (instant(item[1]["createdAt"]), item[0]))

    @staticmethod
    def times(thing):
        return {
            "createdAt": shown(instant(thing["createdAt"])),
            "updatedAt": shown(instant(thing["updatedAt"])),
            "version": thing["version"],
        }

    def pillar_averages(self):
        rows = []
        for key, pillar in self.in_order(self.live["pillar"]):
            themes = [t for t in self.live["theme"].values() if t["pillarId"] == key]
            ratings = [t["ratingPercent"] for t in themes if t.get("ratingPercent") is not None]
            rows.append({
                "pillarId": key,
                "name": pillar["name"],
                "color": pillar["color"],
                "domain": pillar["domain"],
                "avgPercent": half_up(sum(ratings), len(ratings)) if ratings else None,
                "themes": len(themes),
                "ratedThemes": len(ratings),
                **self.times(pillar),
            })
        return rows

    def theme_ratings(self):
        rows = []
        for pillar_key, pillar in self.in_order(self.known("pillar")):
            for key, theme in self.in_order(self.live["theme"]):
                if theme["pillarId"] != pillar_key:
                    continue
                rows.append({
                    "themeId": key,
                    "pillarId": pillar_key,
                    "pillarName": pillar["name"],
                    "name": theme["name"],
                    "ratingPercent": theme.get("ratingPercent"),
                    "previousRating": theme.get("previousRating"),
                    "lastReflectionNote": theme.get("lastReflectionNote"),
                    "ratedAt": self.rated_at(key),
                    **self.times(theme),
                })
        return rows

    def rating_history(self):
        rows = []
        for key, event in self.counting():
            after = event["data"]["after"]
            if key in self.live["theme"]:
                rows.append({
                    "themeId": key,
                    "at": shown(instant(event["occurredAt"])),
                    "ratingPercent": after.get("ratingPercent"),
                    "previousRating": after.get("previousRating"),
                    "note": after.get("lastReflectionNote"),
                    "position": event["position"],
                })
        return sorted(rows, key=lambda row: (instant(row["at"]), row["position"]))

    def due(self, task):
        """The instant at which a task is due, None without a date."""
        if task.get("dueAt") is not None:
            return instant(task["dueAt"])
        if task.get("dueDate") is not None:
            return end_of_day(task["dueDate"], self.preference("timezone"))
        return None

    def task_row(self, key, task):
        theme = self.known("theme").get(task.get("themeId"), {})
        pillar = self.known("pillar").get(theme.get("pillarId"), {})
        row = {name: task.get(name) for name in TASK_FIELDS}
        row.update({name: shown(instant(task.get(name))) for name in TASK_INSTANTS})
        row.update(
            taskId=key,
            themeName=theme.get("name"),
            pillarId=theme.get("pillarId"),
            pillarName=pillar.get("name"),
            due=shown(self.due(task)),
            tags=task.get("tags") or [],
            **self.times(task))
        return row

    def tasks(self):
        rows = [self.task_row(key, task) for key, task in sorted(self.live["task"].items())]
        return sorted(rows, key=lambda row: instant(row["createdAt"]), reverse=True)

    def removed_rows(self):
        rows = [
            {
                "kind": entity,
                "id": key,
                "name": name,
                "removedAt": shown(instant(event["occurredAt"])),
                "position": event["position"],
            }
            for (entity, key), (name, event) in self.removed.items()
            if self.gone[entity, key]["createdBy"] not in self.undone
        ]
        return sorted(rows, key=lambda row: -row["position"])

    def preference(self, name):
        value = self.preferences.get(name)
        return DEFAULTS.get(name) if value is None else value

    def preference_rows(self):
        row = {name: self.preference(name) for name in DEFAULTS}
        row["plannerId"] = self.key
        extra = self.preference("extra")
        touched = self.preferences_touched
        row["extra"] = None if extra is None else json.loads(extra)
        row["updatedAt"] = touched and shown(instant(touched["occurredAt"]))
        row["version"] = touched and touched["version"]
        return [row]

    def views(self):
        return {
            "PillarAverages": self.pillar_averages(),
            "ThemeRatings": self.theme_ratings(),
            "RatingHistory": self.rating_history(),
            "Tasks": self.tasks(),
            "Removed": self.removed_rows(),
            "Preferences": self.preference_rows(),
        }


def fold(lines):
    """Planner id -> Planner, from lines of events."""
    planners = {}
    events = [json.loads(line) for line in lines if line.strip()]
    for event in sorted(events, key=lambda event: event["position"]):
        if event["category"] == "planner" and event["data"] is not None:
            key = event["streamId"]
            planners.setdefault(key, Planner(key)).apply(event)
    return planners


def main():
    views = {key: planner.views() for key, planner in fold(sys.stdin).items()}
    json.dump(views, sys.stdout, indent=1, sort_keys=True, ensure_ascii=False)
    print()


if __name__ == "__main__":
    main()
