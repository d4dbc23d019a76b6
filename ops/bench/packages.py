"""Peers from PyPI, each in a virtual environment of its own in a folder that git ignores."""

import os
import shutil
import sys

import processes
from daemon import CHECKOUT

FOLDER = f"{CHECKOUT}/.build/bench/peers"
REQUIREMENTS = {
    "umadb": ["umadb==0.7.8"],
    "eventsourcing": ["eventsourcing[postgres]==9.5.6", "psycopg[binary]==3.3.9"],
}


def environment(name):
    """The folder of the programs of a peer, which is installed where it is not there yet."""
    folder, wanted = f"{FOLDER}/{name}", "\n".join(REQUIREMENTS[name])
    note = f"{folder}/requirements"
    if os.path.exists(note):
        with open(note, encoding="utf-8") as file:
            if file.read() == wanted:
                return f"{folder}/bin"
    print(f"installing {wanted.split()[0]}", file=sys.stderr, flush=True)
    shutil.rmtree(folder, ignore_errors=True)
    processes.run([sys.executable, "-m", "venv", folder])
    processes.run([f"{folder}/bin/pip", "install", "--quiet", *REQUIREMENTS[name]])
    with open(note, "w", encoding="utf-8") as file:
        file.write(wanted)
    return f"{folder}/bin"
