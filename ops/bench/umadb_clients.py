"""Appends to UmaDB by many clients at once; runs in the virtual environment that has `umadb`.

    umadb_clients.py URL CLIENTS BATCH SECONDS

One process and as many threads as clients, each with a connection of its own: the library lets go of the interpreter's lock
while it waits. Writes one JSON object."""

import json
import sys
import threading
import time
import uuid

import umadb

DATA = json.dumps({
    "taskId": "019deeca-2b40-7996-a5ef-91f571bef763",
    "before": {"title": "Write to the landlord about the windows"},
    "after": {"title": "Call the landlord"},
    "personId": "6b1d3c5e-0d57-5b0e-8a55-2d9d1f6b7c11"}).encode()


def append(url, batch, deadline, counts, index):
    client, tags = umadb.Client(url), [f"planner:{uuid.uuid4()}"]
    # Made once: what is measured is the store, not the making of objects.
    events = [umadb.Event(event_type="TaskChanged", data=DATA, tags=tags) for _ in range(batch)]
    while time.monotonic() < deadline:
        client.append(events)
        counts[index] += batch


def main():
    url, clients, batch, seconds = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])
    counts, start = [0] * clients, time.monotonic()
    threads = [
        threading.Thread(target=append, args=(url, batch, start + seconds, counts, index))
        for index in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    elapsed = time.monotonic() - start
    print(json.dumps({"operations": sum(counts), "perSecond": sum(counts) / elapsed}))


main()
