"""The very statements that the daemon sends for a question, as Postgres logs them."""

import os
import re
import time

import processes

ENTRY = re.compile(r"^@(?P<user>\S*) (?P<level>\w+):  (?P<text>.*(?:\n(?!@).*)*)", re.MULTILINE)
EXECUTE = re.compile(r"execute (?:[^:]*): (?P<statement>.*)", re.DOTALL)
PARAMETER = re.compile(r"\$(\d+) = (NULL|'(?:[^']|'')*')")


def of_question(daemon, user, ask):
    """Statements with their parameters as literals, in the order in which a role was asked them."""
    path = f"{daemon.postgres_folder}/postgres.log"
    configure(daemon, "SET log_line_prefix = '@%u '", "SET log_statement = 'all'")
    try:
        start = os.path.getsize(path)
        ask()
        # The log is written before the answer.
        with open(path, encoding="utf-8") as file:
            file.seek(start)
            text = file.read()
    finally:
        configure(daemon, "RESET log_statement", "RESET log_line_prefix")
    statements = []
    for entry in ENTRY.finditer(text):
        if entry["user"] != user:
            continue
        executed = EXECUTE.match(entry["text"])
        if executed:
            statements.append([executed["statement"].rstrip(), {}])
        elif entry["level"] == "DETAIL" and statements:
            statements[-1][1] = {int(n): value for n, value in PARAMETER.findall(entry["text"])}
    if not statements:
        raise processes.Failure("the daemon sent no statement for the question")
    return statements


def configure(daemon, *changes):
    for change in changes:
        daemon.sql(f"ALTER SYSTEM {change}")
    daemon.sql("SELECT pg_reload_conf()")
    # Sessions take it on between two statements.
    time.sleep(0.5)


def script(statements, replace):
    """A script of pgbench: the statements in one pipeline, as the daemon sends them, with
    `replace(statement, number, literal)` in place of each parameter."""
    def filled(statement, literals):
        return re.sub(
            r"\$(\d+)",
            lambda match: replace(statement, int(match[1]), literals[int(match[1])]), statement)

    lines = [f"{filled(statement, literals)};" for statement, literals in statements]
    return "\n".join(["\\startpipeline", *lines, "\\endpipeline", ""])


def parameter(statements, before):
    """The value of the parameter that follows a text in one of the statements."""
    for statement, literals in statements:
        number = statement.partition(before)[2][:1]
        if number:
            return literals[int(number)].strip("'")
    raise processes.Failure(f"the daemon's statements have nothing like {before}")
