"""A visit to every method of a plannerd, through whichever client library is given.

A client has `call(method, parameters)`, which gives the parameters of the reply or raises `CallError`,
`stream(method, parameters)`, which iterates over the replies of a call with `more`, and `parameters(interface)`,
which gives, by method, the names of its parameters and whether each may be absent.
"""

import datetime
import itertools
import re
import uuid

SERVICE = "org.varlink.service"
PLANNER = "org.plannerd.planner"
VIEWS = "org.plannerd.views"
CONTROL = "org.plannerd.control"

# What is called with `more`.
STREAMS = {f"{PLANNER}.Subscribe", f"{CONTROL}.Watch"}


class CallError(Exception):
    """An error reply."""

    def __init__(self, name, parameters):
        super().__init__(f"{name} {parameters}")
        self.name = name
        self.parameters = parameters


class Visit:
    """Calls everything, and notes what was called and what was not as it must be."""

    def __init__(self, client):
        self.client = client
        self.called = set()
        self.problems = []
        self.definitions = {}
        self.mark = uuid.uuid4().hex[:8]
        self.ids = {name: str(uuid.uuid4()) for name in ("pillarId", "themeId", "taskId")}

    def run(self):
        self.service()
        self.planner()
        self.views()
        self.control()
        self.missing()
        return {
            "called": sorted(self.called),
            "problems": self.problems,
            "definitions": self.definitions,
        }

    # How a method is called.

    def call(self, method, /, **parameters):
        self.called.add(method)
        return self.client.call(method, parameters)

    def stream(self, method, /, **parameters):
        self.called.add(method)
        return self.client.stream(method, parameters)

    def expect(self, condition, what):
        if not condition:
            self.problems.append(what)

    def expect_error(self, name, method, **parameters):
        try:
            reply = self.call(method, **parameters)
            self.problems.append(f"{method} answers {reply} instead of {name}")
        except CallError as error:
            self.expect(error.name == name, f"{method} answers {error} instead of {name}")

    # The interfaces.

    def service(self):
        info = self.call(f"{SERVICE}.GetInfo")
        self.expect(info["product"] == "plannerd", f"GetInfo: {info}")
        for interface in info["interfaces"]:
            reply = self.call(f"{SERVICE}.GetInterfaceDescription", interface=interface)
            self.definitions[interface] = reply["description"]
        self.expect(
            {SERVICE, PLANNER, VIEWS, CONTROL} <= set(self.definitions),
            f"the interfaces are {sorted(self.definitions)}",
        )
        self.expect_error(
            f"{SERVICE}.InterfaceNotFound",
            f"{SERVICE}.GetInterfaceDescription",
            interface="org.example.absent",
        )

    def planner(self):
        self.expect(self.call(f"{PLANNER}.Ping") in ({}, None), "Ping answers something")
        self.me = self.call(f"{PLANNER}.Describe")
        self.expect(
            set(self.me["interfaces"]) == set(self.definitions),
            "Describe and GetInfo differ in the interfaces",
        )
        self.start = self.call(f"{CONTROL}.Health")["position"]
        reply = self.call(f"{PLANNER}.Submit", commands=self.commands())
        self.position = reply["position"]
        results = [outcome["result"] for outcome in reply["outcomes"]]
        self.expect(results == ["applied"] * 4 + ["rejected"], f"Submit: {reply}")
        self.audit()
        self.follow()
        self.expect_error(
            f"{PLANNER}.PlannerNotFound",
            f"{PLANNER}.Submit",
            planner=str(uuid.uuid4()),
            commands=[],
        )

    def commands(self):
        """A pillar, a theme with a rating, a task, and one command that a rule refuses."""
        pillar, theme, task = self.ids["pillarId"], self.ids["themeId"], self.ids["taskId"]
        self.due = datetime.date.today()
        bodies = [
            {"createPillar": {"pillarId": pillar, "name": f"Pillar {self.mark}", "color": "#102030"}},
            {"createTheme": {"themeId": theme, "pillarId": pillar, "name": f"Theme {self.mark}"}},
            {"rateTheme": {"themeId": theme, "ratingPercent": 70, "note": "as it goes"}},
            {
                "createTask": {
                    "taskId": task,
                    "themeId": theme,
                    "title": f"Task {self.mark}",
                    "tags": ["foreign", self.mark],
                    "dueDate": self.due.isoformat(),
                    "impact": "H",
                    "effortMinutes": 30,
                    "recurrence": {"rule": "FREQ=WEEKLY"},
                }
            },
            {"completeTask": {"taskId": str(uuid.uuid4())}},
        ]
        return [{"commandId": str(uuid.uuid4()), **body} for body in bodies]

    def audit(self):
        entries = self.call(f"{PLANNER}.Audit", entityId=self.ids["themeId"], order="oldest")["entries"]
        self.expect(
            [entry["command"] for entry in entries][:2] == ["createTheme", "rateTheme"],
            f"Audit: {entries}",
        )
        page = self.call(f"{PLANNER}.Audit", limit=1)
        following = self.call(f"{PLANNER}.Audit", limit=1, cursor=page["nextCursor"])
        self.expect(following["entries"] != page["entries"], "Audit: the cursor does not move on")

    def follow(self):
        replies = self.stream(f"{PLANNER}.Subscribe", after=self.start)
        self.expect(next(replies)["ready"], "Subscribe: the first reply is not ready")
        events = itertools.chain.from_iterable(reply["events"] for reply in replies)
        types = [
            event["type"]
            for event in events_until(events, self.position)
            if event["category"] == "planner" and event["type"] != "PlannerOpened"
        ]
        wanted = ["PillarCreated", "ThemeCreated", "ThemeRated", "TaskCreated"]
        self.expect(types == wanted, f"Subscribe: {types}")

    def views(self):
        for method, parameters in self.client.parameters(VIEWS).items():
            if method not in ("Why", "Changes"):
                self.view(f"{VIEWS}.{method}", method, parameters)
        self.moments()

    def moments(self):
        """The past, what would be, and what made the rows what they are."""
        name, key = "PillarAverages", self.ids["pillarId"]
        now = self.call(f"{VIEWS}.{name}", atLeast=self.position)
        then = self.call(f"{VIEWS}.{name}", asOf={"position": self.start})
        self.expect(key not in [row["pillarId"] for row in then["rows"]], f"{name} then: {then}")
        command = {
            "commandId": str(uuid.uuid4()),
            "changePillar": {"pillarId": key, "name": f"Would be {self.mark}"},
        }
        would = self.call(f"{VIEWS}.{name}", whatIf=[command])
        names = [row["name"] for row in would["rows"] if row["pillarId"] == key]
        self.expect(names == [f"Would be {self.mark}"], f"{name} would be: {would}")
        self.expect(self.call(f"{VIEWS}.{name}") == now, f"{name}: the what-if has changed it")
        why = self.call(f"{VIEWS}.Why", method=name, key=key)
        types = [change["type"] for change in why["changes"]]
        self.expect(types[-1:] == ["PillarCreated"] and why["row"]["pillarId"] == key, f"Why: {why}")
        changes = self.call(f"{VIEWS}.Changes", method=name, since={"position": self.start})
        kinds = {row["key"]: row["kind"] for row in changes["rows"]}
        self.expect(kinds.get(key) == "added", f"Changes: {changes}")
        would = self.call(f"{VIEWS}.Changes", method=name, whatIf=[command])
        self.expect([row["columns"] for row in would["rows"]] == [["name", "updatedAt", "version"]], f"{would}")

    def view(self, method, name, parameters):
        """With nothing that may be absent; with everything; in every order; page by page."""
        values = self.values()
        unknown = [p for p, optional in parameters.items() if not optional and p not in values]
        if unknown:
            return self.problems.append(f"{method}: no value is known for {unknown}")
        required = {p: values[p] for p, optional in parameters.items() if not optional}
        # Every view is asked for what was just written.
        required["atLeast"] = self.position
        first = self.call(method, **required)
        self.expect(first["position"] >= self.position, f"{method}: {first['position']}")
        filters = {p: values[p] for p in parameters if p in values}
        filtered = self.call(method, **required, **{p: filters[p] for p in filters if p not in required})
        if name in ("PillarAverages", "ThemeRatings", "RatingHistory", "Tasks", "Task", "Best"):
            self.expect(filtered["rows"], f"{method} has no row for {filters}")
        for order in self.orders(name) if "sort" in parameters else []:
            self.call(method, **required, sort=order)
        if "cursor" in parameters:
            self.pages(method, required)

    def pages(self, method, required):
        whole = self.call(method, **required, limit=1000)["rows"]
        rows, cursor = [], None
        while True:
            more = {} if cursor is None else {"cursor": cursor}
            page = self.call(method, **required, limit=1, **more)
            rows += page["rows"]
            cursor = page.get("nextCursor")
            if cursor is None or len(rows) > 20:
                break
        self.expect(whole[: len(rows)] == rows, f"{method}: pages of one differ from the whole")

    def orders(self, name):
        """From the documentation of the method."""
        text = self.definitions[VIEWS]
        text = text[: text.index(f"method {name}(")]
        return re.findall(r"^# sort: (.*)\.$", text, re.MULTILINE)[-1].split(", ")

    def values(self):
        day = datetime.timedelta(days=1)
        return {
            **self.ids,
            "planner": self.me["planner"],
            "inbox": False,
            "status": "open",
            "tag": self.mark,
            "dueFrom": self.due.isoformat(),
            "dueBefore": (self.due + day).isoformat(),
            "snoozed": False,
            "actionable": True,
            "text": "task",
        }

    def control(self):
        health = self.call(f"{CONTROL}.Health")
        self.expect(health["state"] == "ready", f"Health: {health}")
        name = health["projections"][0]["name"]
        report = self.call(f"{CONTROL}.Reload")
        self.expect(not report["refused"] and name in report["unchanged"], f"Reload: {report}")
        self.job(self.call(f"{CONTROL}.Rebuild", projection=name)["jobId"])
        for job_id in self.call(f"{CONTROL}.Verify", projection=name)["jobIds"]:
            self.expect(self.job(job_id)["report"]["equal"], f"{name} differs from a fresh fold")
        jobs = self.call(f"{CONTROL}.Jobs", limit=2)["jobs"]
        self.expect([job["kind"] for job in jobs] == ["verify", "rebuild"], f"Jobs: {jobs}")
        ended = self.call(f"{CONTROL}.Cancel", jobId=jobs[0]["jobId"])["job"]
        self.expect(ended["state"] == "done", f"Cancel of a job that has ended: {ended}")
        self.expect_error(f"{CONTROL}.NoSuchJob", f"{CONTROL}.Cancel", jobId=1_000_000)
        self.expect_error(f"{CONTROL}.NoSuchProjection", f"{CONTROL}.Rebuild", projection="absent")
        self.generations(name)
        log = self.call(f"{CONTROL}.VerifyLog")
        self.expect(log["valid"] and log["position"] >= self.position, f"VerifyLog: {log}")

    def generations(self, name):
        """What there is to say of builds where nothing has changed."""
        estimate = self.call(f"{CONTROL}.Rebuild", projection=name, dryRun=True)["estimate"]
        self.expect(estimate["events"] >= self.position, f"Rebuild, dry: {estimate}")
        same = self.job(self.call(f"{CONTROL}.Diff", projection=name)["jobId"])
        self.expect(same["report"]["equal"], f"Diff: {same}")
        states = [build["state"] for build in self.call(f"{CONTROL}.Builds", projection=name)["builds"]]
        self.expect("live" in states and "held" not in states, f"Builds: {states}")
        for method in ("Swap", "Rollback"):
            self.expect_error(f"{CONTROL}.NoSuchBuild", f"{CONTROL}.{method}", projection=name)
        self.expect(self.call(f"{CONTROL}.Prune")["builds"] == [], "Prune deletes what is not there")
        self.expect(self.call(f"{CONTROL}.Failures")["failures"] == [], "Failures: there are some")
        self.expect(self.call(f"{CONTROL}.Retry", projection=name)["failures"] == [], "Retry: some are left")

    def job(self, job_id):
        """Watches a job to its end."""
        states = [reply["job"] for reply in self.stream(f"{CONTROL}.Watch", jobId=job_id)]
        self.expect(states[-1]["state"] == "done", f"Watch: {states}")
        return states[-1]

    def missing(self):
        """A method that is offered and was not called."""
        for interface in self.definitions:
            for method in self.client.parameters(interface):
                if f"{interface}.{method}" not in self.called:
                    self.problems.append(f"{interface}.{method} was not called")


def events_until(events, position):
    for event in events:
        yield event
        if event["position"] >= position:
            return
