"""Daemons on logs that take minutes to fill: a copy of the data folder is kept for the next run, until
the schema, the projections or what fills the log change."""

import glob
import hashlib
import os
import shutil

import processes
from daemon import CHECKOUT, HERE


class Filled:
    """A daemon that starts on a filled log. `fill` fills it by a file of sql/, where there is no copy."""

    def __init__(self, bench, name, daemon, file, fill):
        self.daemon, self.fill = daemon, fill
        self.copies = f"{bench.folder}/logs/{name}-{bench.events}"
        sources = [f"{HERE}/sql/{file}", f"{CHECKOUT}/schema", daemon.projections]
        self.copy = f"{self.copies}-{digest(sources)}"

    def __enter__(self):
        try:
            if os.path.isdir(self.copy):
                processes.run(["cp", "-a", self.copy, self.daemon.data])
            else:
                self.daemon.start()
                self.fill(self.daemon)
                self.daemon.stop()
                self._keep()
            self.daemon.start()
            self.daemon.wait_until_folded()
        except BaseException:
            self.daemon.__exit__()
            raise
        return self.daemon

    def __exit__(self, *_):
        self.daemon.__exit__()

    def _keep(self):
        # What is elsewhere, since Postgres could not reach this folder, is made anew each time.
        if os.path.exists(f"{self.daemon.data}/postgres-location"):
            return
        for old in glob.glob(f"{self.copies}-*"):
            shutil.rmtree(old)
        os.makedirs(os.path.dirname(self.copy), exist_ok=True)
        processes.run(["cp", "-a", self.daemon.data, f"{self.copy}.part"])
        os.rename(f"{self.copy}.part", self.copy)


def digest(folders):
    """Says whether any file has changed."""
    digest = hashlib.sha256()
    for folder in folders:
        paths = [folder] if os.path.isfile(folder) else glob.glob(f"{folder}/**", recursive=True)
        for path in sorted(path for path in paths if os.path.isfile(path)):
            with open(path, "rb") as file:
                digest.update(os.path.relpath(path, folder).encode() + b"\0" + file.read())
    return digest.hexdigest()[:16]
