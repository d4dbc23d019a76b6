-- scope: planner
-- Columns are named like the members of the events that fill them: apply.sql relies on it.
-- What was removed stays, with "removedAt": `Removed` lists it, every other query leaves it out. "createdBy" is the
-- command that made a thing.
CREATE TABLE pillars (
  planner_id uuid NOT NULL,
  "pillarId" uuid NOT NULL,
  name text NOT NULL,
  "createdBy" uuid NOT NULL,
  "createdAt" timestamptz NOT NULL,
  "removedAt" timestamptz,
  position bigint NOT NULL,
  PRIMARY KEY (planner_id, "pillarId")
);

CREATE TABLE themes (
  planner_id uuid NOT NULL,
  "themeId" uuid NOT NULL,
  "pillarId" uuid NOT NULL,
  name text NOT NULL,
  "createdBy" uuid NOT NULL,
  "createdAt" timestamptz NOT NULL,
  "removedAt" timestamptz,
  position bigint NOT NULL,
  PRIMARY KEY (planner_id, "themeId")
);

CREATE TABLE tasks (
  planner_id uuid NOT NULL,
  "taskId" uuid NOT NULL,
  "themeId" uuid,
  title text NOT NULL,
  description text,
  notes text,
  "timeEstimate" text,
  "effortMinutes" integer,
  impact text,
  priority integer NOT NULL,
  status text NOT NULL,
  "dueDate" date,
  "dueAt" timestamptz,
  "snoozedUntil" timestamptz,
  "completedAt" timestamptz,
  rank bigint NOT NULL,
  tags text[],
  "taskType" text NOT NULL,
  recurrence jsonb,
  "createdBy" uuid NOT NULL,
  "createdAt" timestamptz NOT NULL,
  "updatedAt" timestamptz NOT NULL,
  version bigint NOT NULL,
  "removedAt" timestamptz,
  position bigint NOT NULL,
  PRIMARY KEY (planner_id, "taskId")
) WITH (fillfactor = 85);

CREATE INDEX tasks_newest ON tasks (planner_id, "createdAt" DESC, "taskId")
  WHERE "removedAt" IS NULL;

CREATE TABLE preferences (
  planner_id uuid PRIMARY KEY,
  urgency integer,
  priority integer,
  impact integer,
  effort integer,
  timezone text,
  "workStart" text,
  "workEnd" text,
  "weekStart" text,
  "habitLearning" boolean,
  extra text,
  "updatedAt" timestamptz NOT NULL,
  version bigint NOT NULL
);

-- Commands that were undone at some time, and whether they still are: `Removed` leaves out what such a command created,
-- which was not removed but taken back.
CREATE TABLE undone (
  planner_id uuid NOT NULL,
  "commandId" uuid NOT NULL,
  undone boolean NOT NULL,
  PRIMARY KEY (planner_id, "commandId")
);
