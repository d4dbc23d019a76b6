"""Appends to, or projects from, an application of the Python library `eventsourcing`; runs in the
virtual environment that has it. Environment variables say which Postgres.

    eventsourcing_clients.py append PROCESSES THREADS SECONDS
    eventsourcing_clients.py fill EVENTS
    eventsourcing_clients.py project EVENTS

Its recorder is the default one, which locks the table for each append. Writes one JSON object."""

import json
import multiprocessing
import sys
import threading
import time
from datetime import datetime, timezone
from uuid import uuid4

from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event
from eventsourcing.postgres import PostgresTrackingRecorder
from eventsourcing.projection import Projection, ProjectionRunner
from psycopg.sql import SQL


class Task(Aggregate):
    @event("Created")
    def __init__(self, title: str) -> None:
        self.title, self.notes = title, ""

    @event("Changed")
    def change(self, before: str, after: str, person_id: str) -> None:
        self.title = after


class Tasks(Application):
    pass


def append(deadline, application, counts, index):
    task = Task("Write to the landlord about the windows")
    application.save(task)
    # The aggregate stays in memory: nothing is read again.
    while time.monotonic() < deadline:
        task.change(task.title, "Call the landlord", "6b1d3c5e-0d57-5b0e-8a55-2d9d1f6b7c11")
        application.save(task)
        counts[index] += 1


def append_in_process(threads, seconds, barrier, results):
    counts = [0] * threads
    with Tasks() as application:
        barrier.wait()
        deadline = time.monotonic() + seconds
        workers = [
            threading.Thread(target=append, args=(deadline, application, counts, index))
            for index in range(threads)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
    results.put(sum(counts))


def append_all(count, threads, seconds):
    # Makes the tables before all want to.
    with Tasks():
        pass
    # Not forked: this process has had threads, whose locks a fork would keep.
    context = multiprocessing.get_context("spawn")
    barrier, results = context.Barrier(count, timeout=60), context.Queue()
    workers = [
        context.Process(
            target=append_in_process, args=(threads, seconds, barrier, results))
        for _ in range(count)]
    for worker in workers:
        worker.start()
    operations = sum(results.get(timeout=seconds + 120) for _ in workers)
    for worker in workers:
        worker.join()
    return {"operations": operations, "perSecond": operations / seconds}


class Titles(PostgresTrackingRecorder):
    """One row for each task, written in the transaction that notes how far it has come."""

    def __init__(self, datastore, **options):
        super().__init__(datastore, **options)
        self.sql_create_statements.append(
            SQL("CREATE TABLE IF NOT EXISTS titles"
                " (id uuid PRIMARY KEY, title text, at timestamptz)"))

    def keep(self, task_id, title, tracking):
        with self.datastore.transaction(commit=True) as cursor:
            self._insert_tracking(cursor, tracking)
            cursor.execute(
                "INSERT INTO titles VALUES (%s, %s, %s) ON CONFLICT (id) DO UPDATE"
                " SET title = excluded.title, at = excluded.at",
                (task_id, title, datetime.now(timezone.utc)), prepare=True)


class TitlesProjection(Projection):
    name = "titles"

    def process_event(self, domain_event, tracking):
        title = getattr(domain_event, "after", None) or domain_event.title
        self.view.keep(domain_event.originator_id, title, tracking)


def fill(events):
    with Tasks() as application:
        start = application.recorder.max_notification_id() or 0
        while start < events:
            task = Task(f"Write to the landlord {uuid4()}")
            for _ in range(min(99, events - start - 1)):
                task.change(task.title, "Call the landlord", "6b1d3c5e-0d57-5b0e-8a55-2d9d1f6b7c11")
            application.save(task)
            start += min(100, events - start)
    return {"operations": events}


def project(events):
    start = time.monotonic()
    with ProjectionRunner(
        application_class=Tasks, projection_class=TitlesProjection, view_class=Titles
    ) as runner:
        runner.wait(events, timeout=300)
    return {"operations": events, "perSecond": events / (time.monotonic() - start)}


def main():
    work, numbers = sys.argv[1], [int(argument) for argument in sys.argv[2:]]
    print(json.dumps({"append": append_all, "fill": fill, "project": project}[work](*numbers)))


if __name__ == "__main__":
    main()
