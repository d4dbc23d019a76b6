#!/usr/bin/env python3
"""Computes by itself the figures that the views over time should give.

    figures.py --now 2026-11-21T12:00:00Z [--from 2026-10-01] [--to 2026-11-30] < events.ndjson > rows.json

Reads events as JSON lines, members as in the type Event of org.plannerd.planner, in any order. Prints one
object: planner id -> query name -> rows of PillarTrend, DailyThroughput, ThemeMomentum and TagTotals, in the
order of their keys. It goes through the log event by event and through the calendar day by day.
"""

import argparse
import collections
import datetime
import json
import sys
import zoneinfo

DAY = datetime.timedelta(days=1)
MINUTES = {"15m": 15, "30m": 30, "1h": 60, "2h+": 120}
STEPS = {"TaskCreated": "created", "TaskCompleted": "done", "TaskReopened": "reopened", "TaskRemoved": "removed"}
SLOW, FAST = 56, 14


def instant(text):
    return datetime.datetime.fromisoformat(text).astimezone(datetime.timezone.utc)


def half_up(values):
    quotient, rest = divmod(sum(values), len(values))
    return quotient + (2 * rest >= len(values))


class Planner:
    """What one planner's log says: all of it for what is now, what counts for the series."""

    def __init__(self, events):
        self.events = sorted(events, key=lambda event: event["position"])
        self.fold_present()
        undone, undos = set(), set()
        for event in self.events:
            if event["type"] in ("CommandUndone", "CommandRedone"):
                undos.add(event["commandId"])
                (undone.add if event["type"] == "CommandUndone" else undone.discard)(event["data"]["commandId"])
        self.counting = [e for e in self.events if e["commandId"] not in undone | undos]
        self.days = {}
        zone = "UTC"
        for event in self.counting:
            if event["type"] == "PreferencesChanged" and "timezone" in event["data"]["after"]:
                zone = event["data"]["after"]["timezone"] or "UTC"
            self.days[event["position"]] = self.day(event["occurredAt"], zone)
        self.zone = zone

    @staticmethod
    def day(text, zone):
        return instant(text).astimezone(zoneinfo.ZoneInfo(zone)).date()

    def fold_present(self):
        """Everything that is or was, by kind and id, with a mark where it is gone."""
        self.things = {"pillar": {}, "theme": {}, "task": {}}
        for event in self.events:
            for kind in self.things:
                key = event["data"].get(kind + "Id")
                if key is None or not event["type"].startswith(kind.capitalize()):
                    continue
                thing = self.things[kind].setdefault(key, {"createdAt": event["occurredAt"]})
                thing.update(event["data"].get("after", {}))
                thing["gone"] = event["type"].endswith("Removed")

    # PillarTrend

    def theme_days(self):
        """Theme -> [(day, pillar, rating or None)], as it was at the end of each day on which it changed."""
        changes = collections.defaultdict(list)
        for event in self.counting:
            kind, data = event["type"], event["data"]
            after = data.get("after", {})
            if kind in ("ThemeCreated", "ThemeRated", "ThemeRemoved") or (
                    kind == "ThemeChanged" and "pillarId" in after):
                order = (self.days[event["position"]], instant(event["occurredAt"]), event["position"])
                changes[data["themeId"]].append((order, kind, after))
        return {theme: list(self.ends_of_days(rows)) for theme, rows in changes.items()}

    @staticmethod
    def ends_of_days(rows):
        rows.sort(key=lambda row: row[0])
        pillar = next(after["pillarId"] for _, _, after in rows if "pillarId" in after)
        rating, gone = None, False
        for index, (order, kind, after) in enumerate(rows):
            pillar = after.get("pillarId", pillar)
            rating = after.get("ratingPercent", rating)
            gone = gone or kind == "ThemeRemoved"
            if index + 1 == len(rows) or rows[index + 1][0][0] != order[0]:
                yield order[0], pillar, None if gone else rating

    @staticmethod
    def on(states, day):
        """The state of a theme when a day ended, None before its first."""
        before = [state for state in states if state[0] <= day]
        return before[-1] if before else None

    def pillar_trend(self, days):
        themes = self.theme_days()
        rows = []
        for pillar, thing in self.things["pillar"].items():
            rated = [s[0] for states in themes.values() for s in states if s[1] == pillar and s[2] is not None]
            if thing["gone"] or not rated:
                continue
            asked = days(min(rated), self.zone) if days else self.changed_days(pillar, themes)
            for day in (day for day in asked if day >= min(rated)):
                states = [self.on(states, day) for states in themes.values()]
                ratings = [s[2] for s in states if s and s[1] == pillar and s[2] is not None]
                rows.append({
                    "pillarId": pillar, "pillarName": thing["name"], "day": str(day),
                    "avgPercent": half_up(ratings) if ratings else None, "ratedThemes": len(ratings)})
        return sorted(rows, key=lambda row: (row["day"], row["pillarId"]))

    @staticmethod
    def changed_days(pillar, themes):
        days = set()
        for states in themes.values():
            for last, state in zip([None] + states, states):
                if state[1] == pillar or (last and last[1] == pillar):
                    days.add(state[0])
        return days

    # DailyThroughput

    def daily_throughput(self, days):
        counts = collections.defaultdict(collections.Counter)
        pillars, tasks = {}, {}

        def pillar_of(task):
            return pillars.get(tasks[task][0])

        def open_tasks():
            return collections.Counter(pillar_of(key) for key, (_, is_open) in tasks.items() if is_open)

        for event in self.counting:
            kind, data, day = event["type"], event["data"], self.days[event["position"]]
            after, before = data.get("after", {}), open_tasks()
            if kind == "ThemeCreated" or kind == "ThemeChanged" and "pillarId" in after:
                pillars[data["themeId"]] = after["pillarId"]
            elif kind in STEPS or kind == "TaskMoved":
                if kind == "TaskReopened" and data["before"]["status"] != "done":
                    continue
                key = data["taskId"]
                theme, is_open = tasks.get(key, (None, False))
                theme = after.get("themeId") if kind in ("TaskCreated", "TaskMoved") else theme
                tasks[key] = (theme, is_open if kind == "TaskMoved" else kind in ("TaskCreated", "TaskReopened"))
                if kind in STEPS:
                    counts[day, pillar_of(key)][STEPS[kind]] += 1
            else:
                continue
            now = open_tasks()
            for pillar in now.keys() | before.keys():
                counts[day, pillar]["opened"] += now[pillar] - before[pillar]
        return self.throughput_rows({key: count for key, count in counts.items() if any(count.values())}, days)

    def throughput_rows(self, counts, days):
        rows = []
        asked = set(days(min(day for day, _ in counts), self.zone)) if days and counts else None
        for pillar in {pillar for _, pillar in counts}:
            own = sorted(day for day, other in counts if other == pillar)
            for day in sorted(own if asked is None else (d for d in asked if d >= own[0])):
                count = counts.get((day, pillar), {})
                rows.append({
                    "day": str(day), "pillarId": pillar,
                    "pillarName": self.things["pillar"][pillar]["name"] if pillar else None,
                    **{step: count.get(step, 0) for step in STEPS.values()},
                    "open": sum(counts[d, pillar]["opened"] for d in own if d <= day)})
        return sorted(rows, key=lambda row: (row["day"], row["pillarId"] is None, row["pillarId"]))

    # ThemeMomentum

    def theme_momentum(self, today):
        ratings, done = self.rating_days(today), self.done_days(today)
        rows = []
        for key, theme in self.things["theme"].items():
            if theme["gone"]:
                continue
            series = ratings.get(key, {})
            slow, fast = self.mean(series, SLOW), self.mean(series, FAST)
            per_day = [self.smoothed(done.get(key, {}), half_life, today) for half_life in (SLOW, FAST)]
            rows.append({
                "themeId": key, "pillarId": theme["pillarId"], "name": theme["name"],
                "ratings": len(series), "ratingPercent": series[max(series)] if series else None,
                "smoothedRating": slow, "recentRating": fast,
                "ratingMomentum": None if slow is None else fast - slow,
                "doneTasks": sum(done.get(key, {}).values()),
                "donePerDay": per_day[0], "recentDonePerDay": per_day[1],
                "doneMomentum": per_day[1] - per_day[0]})
        return sorted(rows, key=lambda row: row["themeId"])

    def rating_days(self, today):
        """Theme -> day -> the last rating of that day."""
        rated = [e for e in self.counting if e["type"] == "ThemeRated" and self.days[e["position"]] <= today]
        series = collections.defaultdict(dict)
        for event in sorted(rated, key=lambda e: (instant(e["occurredAt"]), e["position"])):
            series[event["data"]["themeId"]][self.days[event["position"]]] = event["data"]["after"]["ratingPercent"]
        return series

    def done_days(self, today):
        """Theme -> day -> tasks whose last word is that they were done on that day in that theme."""
        theme, last = {}, {}
        for event in self.counting:
            kind, key = event["type"], event["data"].get("taskId")
            if kind in ("TaskCreated", "TaskMoved"):
                theme[key] = event["data"]["after"].get("themeId")
            if kind == "TaskCompleted":
                last[key] = (theme[key], self.days[event["position"]])
            if kind == "TaskReopened":
                last.pop(key, None)
        counts = collections.defaultdict(collections.Counter)
        for place, day in last.values():
            if day <= today:
                counts[place][day] += 1
        return counts

    @staticmethod
    def mean(series, half_life):
        if not series:
            return None
        weights = {day: 2 ** (-(max(series) - day).days / half_life) for day in series}
        return sum(series[day] * weights[day] for day in series) / sum(weights.values())

    @staticmethod
    def smoothed(counts, half_life, today):
        """The recursion: each day a part of the way from the last value to the day's."""
        part, value = 1 - 2 ** (-1 / half_life), 0.0
        day = min(counts, default=today)
        while day <= today:
            value += part * (counts.get(day, 0) - value)
            day += DAY
        return value

    # TagTotals

    def tag_totals(self):
        rows = {}
        for task in self.things["task"].values():
            minutes = task.get("effortMinutes")
            if minutes is None:
                minutes = MINUTES.get(task.get("timeEstimate"), 0)
            for tag in [] if task["gone"] else task.get("tags") or []:
                row = rows.setdefault(tag, {
                    "tag": tag, "open": 0, "inProgress": 0, "done": 0, "minutesLeft": 0, "minutesDone": 0})
                row[task["status"]] += 1
                row["minutesDone" if task["status"] == "done" else "minutesLeft"] += minutes
        return [rows[tag] for tag in sorted(rows)]

    def views(self, now, first, last):
        def days(earliest, zone):
            start = first or earliest
            end = last or now.astimezone(zoneinfo.ZoneInfo(zone)).date()
            return [start + DAY * number for number in range((end - start).days + 1)]

        asked = days if first or last else None
        return {
            "PillarTrend": self.pillar_trend(asked),
            "DailyThroughput": self.daily_throughput(asked),
            "ThemeMomentum": self.theme_momentum(now.astimezone(zoneinfo.ZoneInfo(self.zone)).date()),
            "TagTotals": self.tag_totals(),
        }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--now", required=True, type=instant)
    parser.add_argument("--from", dest="first", type=datetime.date.fromisoformat)
    parser.add_argument("--to", dest="last", type=datetime.date.fromisoformat)
    arguments = parser.parse_args()
    streams = collections.defaultdict(list)
    for event in map(json.loads, filter(str.strip, sys.stdin)):
        if event["category"] == "planner" and event["data"] is not None:
            streams[event["streamId"]].append(event)
    views = {
        key: Planner(events).views(arguments.now, arguments.first, arguments.last)
        for key, events in streams.items()}
    json.dump(views, sys.stdout, indent=1, sort_keys=True, ensure_ascii=False)
    print()


if __name__ == "__main__":
    main()
