-- scope: planner
-- Columns of `tasks` are named like the members of the events that fill them: apply.sql relies on it.
CREATE TABLE tasks (
  planner_id uuid NOT NULL,
  "taskId" uuid NOT NULL,
  tags text[],
  status text NOT NULL,
  "effortMinutes" integer,
  "timeEstimate" text,
  "createdAt" timestamptz NOT NULL,
  "removedAt" timestamptz,
  PRIMARY KEY (planner_id, "taskId")
) WITH (fillfactor = 85);

CREATE TABLE totals (
  planner_id uuid NOT NULL,
  tag text NOT NULL,
  open bigint NOT NULL,
  "inProgress" bigint NOT NULL,
  done bigint NOT NULL,
  "minutesLeft" bigint NOT NULL,
  "minutesDone" bigint NOT NULL,
  PRIMARY KEY (planner_id, tag)
) WITH (fillfactor = 85);
