"""Queries a second, beside GETs of Redis of as many bytes."""

import json

from peers import Redis

QUESTIONS = [("PillarAverages", {})]
# Connections, and calls sent together by each.
LOADS = [(1, 1), (32, 1), (32, 16)]


def run(bench):
    with bench.daemon() as daemon, Redis(daemon.folder) as redis:
        daemon.submit_file(f"{bench.checkout}/ops/sample/life-plan.ndjson")
        daemon.wait_until_folded()
        for method, parameters in QUESTIONS:
            reply = daemon.call(f"views.{method}", parameters)
            size = len(compact({"parameters": reply}))
            redis.set(method, size)
            bench.note("reply", method=method, bytes=size)
        for _ in bench.rounds("queries"):
            for method, parameters in QUESTIONS:
                for connections, depth in LOADS:
                    measure(bench, daemon, redis, method, parameters, connections, depth)


def compact(value):
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def measure(bench, daemon, redis, method, parameters, connections, depth):
    case = f"{method}, {connections} connection{'s' if connections > 1 else ''}"
    if depth > 1:
        case += f", {depth} at once"
    question = [f"org.plannerd.views.{method}", json.dumps(parameters)]
    seconds = min(bench.seconds, 2)
    bench.measure(
        "queries", case, "plannerd",
        lambda: bench.load(
            daemon, "query", *question, connections=connections, depth=depth, seconds=seconds),
        daemon.processor_seconds)
    bench.measure(
        "queries", case, "Redis GET",
        lambda: redis.get(method, connections, depth, seconds / 2), redis.processor_seconds)
