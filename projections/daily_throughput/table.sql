-- scope: planner
-- series: theme_places, steps, timezones
-- Columns of `pillars` are named like the members of the events that fill them: apply.sql relies on it.
CREATE TABLE pillars (
  planner_id uuid NOT NULL,
  "pillarId" uuid NOT NULL,
  name text NOT NULL,
  "createdAt" timestamptz NOT NULL,
  "removedAt" timestamptz,
  PRIMARY KEY (planner_id, "pillarId")
);

-- Which pillar a theme was put into, and when.
CREATE TABLE theme_places (
  planner_id uuid NOT NULL,
  "themeId" uuid NOT NULL,
  position bigint NOT NULL,
  "commandId" uuid NOT NULL,
  at timestamptz NOT NULL,
  "pillarId" uuid NOT NULL,
  PRIMARY KEY (planner_id, "themeId", position)
);

-- What happened to a task, at the time that the event speaks of: created, moved, done, reopened or removed. The theme is
-- said by created and moved, and null is the inbox.
CREATE TABLE steps (
  planner_id uuid NOT NULL,
  position bigint NOT NULL,
  "commandId" uuid NOT NULL,
  "taskId" uuid NOT NULL,
  at timestamptz NOT NULL,
  step text NOT NULL,
  "themeId" uuid,
  PRIMARY KEY (planner_id, position)
);

-- Commands that were undone at some time, and whether they still are.
CREATE TABLE undone (
  planner_id uuid NOT NULL,
  "commandId" uuid NOT NULL,
  undone boolean NOT NULL,
  PRIMARY KEY (planner_id, "commandId")
);

-- The commands that undo or redo. What they change is told by the commands that they take back.
CREATE TABLE undos (
  planner_id uuid NOT NULL,
  "commandId" uuid NOT NULL,
  PRIMARY KEY (planner_id, "commandId")
);

-- Every change of the timezone in which days are counted; null is UTC.
CREATE TABLE timezones (
  planner_id uuid NOT NULL,
  position bigint NOT NULL,
  "commandId" uuid NOT NULL,
  timezone text,
  PRIMARY KEY (planner_id, position)
);
