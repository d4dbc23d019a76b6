"""What figures depend on: the machine, Postgres' settings, what a flush to the disk takes."""

import json
import os
import re

import processes


def facts(daemon, checkout):
    def first(pattern, path):
        with open(path, encoding="utf-8") as file:
            return re.search(pattern, file.read()).group(1)

    def line(*arguments):
        try:
            return processes.run(list(arguments))[0].strip()
        except (processes.Failure, OSError):
            return "unknown"

    with open(os.path.join(daemon.postgres_folder, "data/PG_VERSION"), encoding="utf-8") as file:
        major = file.read().strip()
    return {
        "commit": line("git", "-C", checkout, "describe", "--always", "--dirty", "--exclude=*"),
        "processor": first(r"model name\s*: (.*)", "/proc/cpuinfo"),
        "cores": os.cpu_count(),
        "memoryMiB": int(first(r"MemTotal:\s*(\d+)", "/proc/meminfo")) // 1024,
        "kernel": os.uname().release,
        "filesystem": line("findmnt", "-no", "FSTYPE,OPTIONS", "-T", daemon.folder),
        "loadAverage": os.getloadavg(),
        "postgresSettings": json.loads(daemon.sql(file="settings.sql")),
        "flush": flushes(f"/usr/lib/postgresql/{major}/bin/pg_test_fsync", daemon.folder),
    }


def stolen_seconds():
    """Processor time that this machine was ready to use and its host gave to others, since the start."""
    with open("/proc/stat", encoding="ascii") as file:
        return int(file.readline().split()[8]) / os.sysconf("SC_CLK_TCK")


def flushes(program, folder):
    """Flushes of 8 kB a second, by each way, as pg_test_fsync sees them where the data is."""
    path = f"{folder}/flush"
    output, _ = processes.run([program, "-s", "1", "-f", path])
    section = output.partition("using one 8kB write:")[2].partition("Compare")[0]
    return {
        name: float(rate)
        for name, rate in re.findall(r"^\s+(\w+)\s+([\d.]+) ops/sec", section, re.MULTILINE)
    }


def text(facts):
    settings = ", ".join(f"{name} {value}" for name, value in facts["postgresSettings"].items())
    flush = ", ".join(f"{name} {rate:,.0f}" for name, rate in facts["flush"].items())
    loads = " ".join(f"{load:.1f}" for load in facts["loadAverage"])
    return "\n".join([
        f"Commit {facts['commit']}; {facts['cores']} cores of {facts['processor']}, "
        f"{facts['memoryMiB']:,} MiB, Linux {facts['kernel']}, {facts['filesystem'].split()[0]}; "
        f"load average {loads}",
        f"Postgres: {settings}",
        f"pg_test_fsync, one 8 kB write, a second: {flush}",
    ])
