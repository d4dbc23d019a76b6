#!/usr/bin/env python3
"""Checks the rules of the house that a program can check.

    rules.py ROOT                    the tree
    rules.py ROOT --client PROGRAM   that the client needs no libpq

Prints what breaks a rule, with its place, and exits 1 if anything does.
"""

import ast
import pathlib
import re
import subprocess
import sys

TOP = {"Package.swift", "Package.resolved", "Sources", "Tests", "schema", "projections", "ops", "README.md", "LICENSE"}
FOLDERS = ("Sources", "Tests", "schema", "projections", "ops")
CODE = {".swift", ".sql", ".py", ".sh", ".c", ".h", ""}
MAX_FILE = 600
MAX_FUNCTION = 70

SWIFT_FUNCTION = re.compile(
    r"^( *)(?:@[\w.()]+ |package |public |private |fileprivate |internal |static |mutating |nonisolated |"
    r"override |consuming |borrowing |convenience |required |final )*(?:func |init[(<?])")
SHELL_FUNCTION = re.compile(r"^()[a-z_]+\(\) \{$")
SLEEP = re.compile(r"\b(?:u|nano)?sleep\s*\(")


def tracked(root):
    """The files of the tree: what git knows of, or all where it is no checkout."""
    listed = subprocess.run(
        ["git", "-c", "safe.directory=*", "-C", root, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        capture_output=True)
    if listed.returncode == 0:
        names = [name for name in listed.stdout.decode().split("\0") if name]
    else:
        names = [str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()]
    hidden = re.compile(r"(^|/)(\.build|\.git|\.plannerd|\.swiftpm|__pycache__)/")
    return [root / name for name in names if not hidden.search(name) and (root / name).is_file()]


def braced_functions(lines, start):
    """Line and length of functions whose closing brace stands below their first column."""
    opened = None
    for number, line in enumerate(lines, 1):
        if opened is None:
            match = start.match(line)
            if match and not line.rstrip().endswith("}"):
                opened = (number, match.group(1) + "}")
        elif line.startswith(opened[1]):
            yield opened[0], number - opened[0] + 1
            opened = None


def functions(path, lines):
    if path.suffix == ".swift":
        return braced_functions(lines, SWIFT_FUNCTION)
    if path.suffix == ".py":
        nodes = ast.walk(ast.parse("\n".join(lines)))
        return [(node.lineno, node.end_lineno - node.lineno + 1) for node in nodes
                if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]
    if path.suffix in (".sh", ""):
        return braced_functions(lines, SHELL_FUNCTION)
    return []


def layout(root, files):
    for name in sorted({path.relative_to(root).parts[0] for path in files}):
        if name not in TOP and not name.startswith("."):
            yield f"{name}: the top level holds {', '.join(sorted(TOP))} and nothing else"
    for folder in FOLDERS:
        if not (root / folder / "README.md").is_file():
            yield f"{folder}/README.md: missing; a newcomer starts there"


def sizes(name, path, lines):
    if len(lines) > MAX_FILE:
        yield f"{name}: {len(lines)} lines, at most {MAX_FILE}"
    for number, length in functions(path, lines):
        if length > MAX_FUNCTION:
            yield f"{name}:{number}: a function of {length} lines, at most {MAX_FUNCTION}"


def words(name, lines, here):
    for number, line in enumerate(lines, 1):
        if here.search(line):
            yield f"{name}:{number}: the path of this checkout"
        if name.startswith("Tests/") and SLEEP.search(line):
            yield f"{name}:{number}: a test waits for a signal and does not sleep"
        if re.match(r"\s*((package|public|internal|private) )?import Foundation", line):
            yield f"{name}:{number}: Foundation is not used here"
        if re.search(r"\bimport CLibpq", line) and not name.startswith("Sources/Postgres/"):
            yield f"{name}:{number}: only the module Postgres imports libpq"


def broken(root):
    files = tracked(root)
    yield from layout(root, files)
    here = re.compile(r"(?<![\w.~/-])" + re.escape(str(root)) + r"(?![\w.-])")
    for path in files:
        try:
            lines = path.read_text("utf-8").splitlines()
        except UnicodeDecodeError:
            continue
        name = str(path.relative_to(root))
        yield from words(name, lines, here)
        if path.suffix in CODE and path.name != "LICENSE":
            yield from sizes(name, path, lines)


def needs_libpq(program):
    libraries = subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout
    if "libpq" in libraries:
        yield f"{program} needs libpq: the client talks to the socket alone"


def main():
    root = pathlib.Path(sys.argv[1]).resolve()
    found = list(needs_libpq(sys.argv[3]) if sys.argv[2:3] == ["--client"] else broken(root))
    print("\n".join(found) if found else "The rules are kept.")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
