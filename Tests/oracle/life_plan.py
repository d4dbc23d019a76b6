#!/usr/bin/env python3
"""Reads the sample life plan by itself and says what the views should show of it.

    life_plan.py ops/sample/life-plan.ndjson --now 2026-11-21T12:00:00Z

Prints one object with sorted keys: counts, pillars (oldest first), themes, ratings over time, tasks by status
and by pillar, and the best tasks at that instant (in whole minutes) with the terms of their scores.
"""

import argparse
import collections
import datetime
import fractions
import json
import sys
import zoneinfo

MINUTES = {"15m": 15, "30m": 30, "1h": 60, "2h+": 120}
IMPACT = {"H": "1", "M": "0.6", "L": "0.3"}
WEIGHTS = {"urgency": 40, "priority": 35, "impact": 15, "effort": 10}
WEEK = 7 * 86400


def parse_instant(text):
    return datetime.datetime.fromisoformat(text).astimezone(datetime.timezone.utc)


def rounded(value, digits):
    """A non-negative Fraction rounded half up to some digits, as a Fraction."""
    scale = 10**digits
    return fractions.Fraction(int(value * scale + fractions.Fraction(1, 2)), scale)


class LifePlan:
    """What is known after all commands, taken one by one in the order of the file."""

    def __init__(self):
        self.pillars, self.themes, self.tasks = {}, {}, {}
        self.series = collections.defaultdict(list)
        self.preferences = {"timezone": "UTC", **WEIGHTS}

    def read(self, lines):
        for line in filter(str.strip, lines):
            command = json.loads(line)
            when = command["occurredAt"]
            (name,) = set(command) - {"commandId", "occurredAt", "expectedVersion"}
            getattr(self, name)(when, **command[name])
        return self

    @staticmethod
    def change(thing, fields):
        for name in fields.pop("clear", []):
            thing.pop(name, None)
        thing.update(fields)

    def createPillar(self, when, pillarId, **fields):
        self.pillars[pillarId] = fields

    def changePillar(self, when, pillarId, **fields):
        self.change(self.pillars[pillarId], fields)

    def createTheme(self, when, themeId, **fields):
        assert fields["pillarId"] in self.pillars
        self.themes[themeId] = fields

    def changeTheme(self, when, themeId, **fields):
        self.change(self.themes[themeId], fields)

    def rateTheme(self, when, themeId, ratingPercent, note=None):
        theme = self.themes[themeId]
        theme["previous"], theme["rating"] = theme.get("rating"), ratingPercent
        theme["note"] = note or theme.get("note")
        self.series[themeId].append({"at": when, "ratingPercent": ratingPercent, "note": note})

    def createTask(self, when, taskId, **fields):
        assert fields.get("themeId") is None or fields["themeId"] in self.themes
        self.tasks[taskId] = {"status": "open", "priority": 3, **fields}

    def changeTask(self, when, taskId, **fields):
        self.change(self.tasks[taskId], fields)

    def moveTask(self, when, taskId, themeId=None, inbox=False, **neighbour):
        for other in neighbour.values():
            themeId = self.tasks[other].get("themeId")
            inbox = themeId is None
        if inbox or themeId is not None:
            self.tasks[taskId]["themeId"] = themeId

    def startTask(self, when, taskId):
        assert self.tasks[taskId]["status"] == "open"
        self.tasks[taskId]["status"] = "inProgress"

    def completeTask(self, when, taskId):
        assert self.tasks[taskId]["status"] != "done"
        self.tasks[taskId]["status"] = "done"

    def reopenTask(self, when, taskId):
        assert self.tasks[taskId]["status"] == "done"
        self.tasks[taskId]["status"] = "open"

    def snoozeTask(self, when, taskId, until):
        self.tasks[taskId]["snoozedUntil"] = until

    def wakeTask(self, when, taskId):
        del self.tasks[taskId]["snoozedUntil"]

    def changePreferences(self, when, **fields):
        self.change(self.preferences, fields)

    def pillar_of(self, task):
        theme = self.themes.get(task.get("themeId"))
        return theme and theme["pillarId"]

    def pillar_rows(self):
        for key, pillar in self.pillars.items():
            themes = [t for t in self.themes.values() if t["pillarId"] == key]
            ratings = [t["rating"] for t in themes if "rating" in t]
            mean = fractions.Fraction(sum(ratings), len(ratings)) if ratings else None
            yield {
                "pillarId": key,
                "name": pillar["name"],
                "avgPercent": None if mean is None else int(rounded(mean, 0)),
                "themes": len(themes),
                "ratedThemes": len(ratings),
            }

    def theme_rows(self):
        for key, theme in self.themes.items():
            yield {
                "themeId": key,
                "pillarId": theme["pillarId"],
                "pillarName": self.pillars[theme["pillarId"]]["name"],
                "name": theme["name"],
                "ratingPercent": theme.get("rating"),
                "previousRating": theme.get("previous"),
                "lastReflectionNote": theme.get("note"),
            }

    def by_pillar(self):
        counts = collections.defaultdict(lambda: {"open": 0, "inProgress": 0, "done": 0})
        for task in self.tasks.values():
            key = self.pillar_of(task)
            counts["inbox" if key is None else self.pillars[key]["name"]][task["status"]] += 1
        return counts

    def actionable(self, now):
        for key, task in self.tasks.items():
            until = task.get("snoozedUntil")
            if task["status"] != "done" and (until is None or parse_instant(until) <= now):
                yield key, task

    def seconds_to_due(self, task, now):
        if task.get("dueAt"):
            due = parse_instant(task["dueAt"])
        elif task.get("dueDate"):
            day = datetime.date.fromisoformat(task["dueDate"]) + datetime.timedelta(days=1)
            zone = zoneinfo.ZoneInfo(self.preferences["timezone"])
            due = datetime.datetime(day.year, day.month, day.day, tzinfo=zone)
        else:
            return None
        left = due.astimezone(datetime.timezone.utc) - now
        return fractions.Fraction(left // datetime.timedelta(microseconds=1), 10**6)

    def terms(self, task, now):
        """The four terms of a score, each 0 to 1 and rounded half up to six digits."""
        left = self.seconds_to_due(task, now)
        low = fractions.Fraction("0.2")
        if left is None:
            urgency = fractions.Fraction(0)
        elif left <= -WEEK:
            urgency = fractions.Fraction(1)
        elif left >= 2 * WEEK:
            urgency = low
        else:
            urgency = low + (1 - low) * (2 * WEEK - left) / (3 * WEEK)
        minutes = task.get("effortMinutes", MINUTES.get(task.get("timeEstimate")))
        effort = fractions.Fraction(1, 2)
        if minutes is not None:
            effort = fractions.Fraction(480 - max(15, minutes), 465)
        exact = {
            "urgency": urgency,
            "priority": fractions.Fraction(task["priority"] - 1, 4),
            "impact": fractions.Fraction(IMPACT.get(task.get("impact"), "0.6")),
            "effort": effort,
        }
        return {name: rounded(value, 6) for name, value in exact.items()}

    def best_rows(self, now):
        rows = []
        for key, task in self.actionable(now):
            terms = self.terms(task, now)
            score = sum(self.preferences[name] * value for name, value in terms.items()) / 100
            rows.append((-score, key, {
                "taskId": key,
                "title": task["title"],
                "score": float(score),
                "urgency": float(terms["urgency"]),
                "priorityTerm": float(terms["priority"]),
                "impactTerm": float(terms["impact"]),
                "effortTerm": float(terms["effort"]),
            }))
        return [row for _, _, row in sorted(rows, key=lambda item: item[:2])]

    def report(self, now):
        statuses = collections.Counter(task["status"] for task in self.tasks.values())
        best = self.best_rows(now)
        return {
            "now": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "counts": {
                "pillars": len(self.pillars),
                "themes": len(self.themes),
                "tasks": len(self.tasks),
                "ratings": sum(map(len, self.series.values())),
                "actionable": len(best),
                "inbox": sum(task.get("themeId") is None for task in self.tasks.values()),
            },
            "pillars": list(self.pillar_rows()),
            "themes": list(self.theme_rows()),
            "ratings": self.series,
            "tasksByStatus": statuses,
            "tasksByPillar": self.by_pillar(),
            "best": best,
        }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file")
    parser.add_argument("--now", required=True, help="an RFC 3339 instant")
    arguments = parser.parse_args()
    with open(arguments.file, encoding="utf-8") as lines:
        plan = LifePlan().read(lines)
    now = parse_instant(arguments.now).replace(second=0, microsecond=0)
    json.dump(plan.report(now), sys.stdout, indent=1, sort_keys=True, ensure_ascii=False)
    print()


if __name__ == "__main__":
    main()
