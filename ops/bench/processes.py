"""Programs that are run, and the processor time that they and others take."""

import os
import re
import subprocess
import threading

TICK = os.sysconf("SC_CLK_TCK")


def _times(pid):
    """Seconds of a process itself and of its children that have ended; nothing once it is gone."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
            fields = file.read().rpartition(")")[2].split()
    except OSError:
        return 0.0, 0.0
    own = int(fields[11]) + int(fields[12])
    ended = int(fields[13]) + int(fields[14])
    return own / TICK, ended / TICK


def _children(pid):
    try:
        with open(f"/proc/{pid}/task/{pid}/children", encoding="utf-8") as file:
            return [int(child) for child in file.read().split()]
    except OSError:
        return []


def seconds(pid):
    """Processor seconds of a process."""
    return _times(pid)[0]


def seconds_of_tree(pid):
    """The same with its children, alive and ended: of a postmaster, all of Postgres."""
    return sum(_times(pid)) + sum(seconds(child) for child in _children(pid))


def resident_bytes(pid):
    """Memory of a process that is in use now."""
    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
        return 1024 * int(re.search(r"VmRSS:\s+(\d+)", file.read()).group(1))


class Failure(Exception):
    """A program that did not do what it should."""


def start(arguments, cwd=None, stdout=subprocess.PIPE, environment=None):
    """Starts a program that `finish` waits for."""
    return subprocess.Popen(
        arguments, cwd=cwd, stdout=stdout, stderr=subprocess.PIPE,
        env={**os.environ, **(environment or {})})


def finish(process, patience=900):
    """What a program printed, and its processor seconds, once it has ended; it is ended after so many
    seconds."""
    impatience = threading.Timer(patience, process.kill)
    impatience.start()
    with process:
        output = process.stdout.read() if process.stdout else b""
        errors = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        impatience.cancel()
    if process.returncode != 0:
        command = " ".join(process.args)
        raise Failure(f"{command[:300]}: {errors.decode(errors='replace').strip()[-2000:]}")
    return output.decode(), usage.ru_utime + usage.ru_stime


def run(arguments, cwd=None, stdout=subprocess.PIPE, environment=None):
    """Runs a program to its end: what it printed, and its processor seconds."""
    return finish(start(arguments, cwd, stdout, environment))
