"""Questions that each ask another planner, beside pgbench running the very statements that the
daemon sends for one.

Each planner has one question in a round, and the daemon is new in each round, so that no answer can
be kept. The planners are of as many users, whose connections are open before the round begins."""

import people
import statements
from filled import Filled
from peers import run_script

METHOD = "PillarAverages"
CASE = f"{METHOD}, each of another planner"
# As the daemon's query role, which is as many connections.
USER, SETTINGS, CLIENTS = "plannerd_query", "-c enable_seqscan=off -c jit=off", 4
UNDER_WAY = 32


def run(bench):
    people.require_root("cold")
    planners = 500 if bench.is_quick else 6_000
    limits = ["--connections", "65536", "--prove-every", "0"]
    users = range(people.FIRST_USER, people.FIRST_USER + planners)
    with Filled(
        bench, f"cold-{planners}", bench.daemon(limits, ["pillar_averages", "tasks"]), "people.sql",
        lambda daemon: people.fill(daemon, users, themes=10, tasks=0, others=planners)
    ) as daemon:
        question, settings = script(daemon, planners)
        bench.note("statements", script=question, settings=settings)
        for _ in bench.rounds("cold"):
            daemon.restart()
            # Postgres is new as well: what it reads first is read now.
            ask_postgres(bench, daemon, question, settings)
            bench.measure(
                "cold", CASE, "plannerd", lambda: ask(bench, daemon, planners), daemon.processor_seconds)
            bench.measure(
                "cold", CASE, "pgbench", lambda: ask_postgres(bench, daemon, question, settings),
                daemon.processor_seconds)


def ask(bench, daemon, planners):
    return bench.load(
        daemon, "once", f"org.plannerd.views.{METHOD}", "{}", connections=planners, depth=UNDER_WAY,
        first_user=people.FIRST_USER)


def ask_postgres(bench, daemon, question, settings):
    return run_script(daemon, question, CLIENTS, min(bench.seconds, 3), USER, settings)


def script(daemon, planners):
    """Asks the planners that belong to nobody, whose ids are numbers, since pgbench has no others."""
    asked = people.planner(people.FIRST_USER)
    sent = statements.of_question(
        daemon, USER, lambda: daemon.call(f"views.{METHOD}", {}, uid=people.FIRST_USER))

    def replace(statement, number, literal):
        if literal.strip("'") != str(asked):
            return literal
        is_setting = f"'plannerd.scope', ${number}" in statement
        return "lpad(to_hex(:n::int), 32, '0')" + ("" if is_setting else "::uuid")

    # pgbench prepares all statements of a script before it runs the first.
    path = statements.parameter(sent, "'search_path', $")
    return (f"\\set n random(1, {planners})\n{statements.script(sent, replace)}",
            f"{SETTINGS} -c search_path={path}")
