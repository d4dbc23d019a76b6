#!/usr/bin/env python3
"""Checks the hash chain of the event log by itself.

    chain.py < rows.ndjson

Reads the rows of log.events as JSON lines in the order of position, `data` as the text that Postgres
shows: SELECT to_jsonb(e) || jsonb_build_object('data', e.data::text) FROM log.events AS e ORDER BY position.
Prints what is wrong, a line each, then how many events there were and the last hash. Exits 1 where
something is wrong. schema/README.md says what the hashes are over.
"""

import datetime
import hashlib
import json
import sys

EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)


def digits(bytea):
    """The hexadecimal digits of a bytea as JSON shows it, `\\x…`."""
    return None if bytea is None else bytea[2:]


def microseconds(instant):
    return (datetime.datetime.fromisoformat(instant) - EPOCH) // datetime.timedelta(microseconds=1)


def data_hash(row):
    return hashlib.sha256(bytes.fromhex(digits(row["salt"])) + row["data"].encode()).hexdigest()


def event_hash(previous, row):
    envelope = [
        row["position"], row["category"], row["stream_id"], row["version"], row["type"],
        digits(row["data_hash"]), row["command_id"], row["command"], digits(row["command_hash"]),
        row["duration_us"], row["person_id"], row["uid"], row["pid"],
        microseconds(row["recorded_at"]), microseconds(row["occurred_at"]), row["undoes"]]
    return hashlib.sha256(bytes.fromhex(previous) + json.dumps(envelope).encode()).hexdigest()


def problems(row, position, versions, previous):
    """What is wrong with a row, given what came before it."""
    stream = (row["category"], row["stream_id"])
    if row["position"] != position + 1:
        yield f"position {row['position']} follows {position}"
    if row["version"] != versions.get(stream, 0) + 1:
        yield f"version {row['version']} follows {versions.get(stream, 0)}"
    if row["data"] is not None and data_hash(row) != digits(row["data_hash"]):
        yield "the data differs from its hash"
    if event_hash(previous, row) != digits(row["hash"]):
        yield "the envelope, or the event before, differs from the hash"


def main():
    versions, position, previous, count, sound = {}, 0, "", 0, True
    for line in sys.stdin:
        row = json.loads(line)
        count += 1
        for problem in problems(row, position, versions, previous):
            sound = False
            print(f"{row['position']}: {problem}")
        versions[row["category"], row["stream_id"]] = row["version"]
        position, previous = row["position"], digits(row["hash"])
    print(f"{count} events, {'sound' if sound else 'NOT SOUND'}, the last hash is {previous or 'none'}")
    sys.exit(0 if sound else 1)


if __name__ == "__main__":
    main()
