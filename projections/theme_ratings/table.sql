-- scope: planner
-- series: ratings
-- Columns are named like the members of the events that fill them: apply.sql relies on it.
CREATE TABLE pillars (
  planner_id uuid NOT NULL,
  "pillarId" uuid NOT NULL,
  name text NOT NULL,
  "createdAt" timestamptz NOT NULL,
  PRIMARY KEY (planner_id, "pillarId")
);

CREATE TABLE themes (
  planner_id uuid NOT NULL,
  "themeId" uuid NOT NULL,
  "pillarId" uuid NOT NULL,
  name text NOT NULL,
  "ratingPercent" integer,
  "previousRating" integer,
  "lastReflectionNote" text,
  "createdAt" timestamptz NOT NULL,
  "updatedAt" timestamptz NOT NULL,
  version bigint NOT NULL,
  "removedAt" timestamptz,
  PRIMARY KEY (planner_id, "themeId")
);

CREATE TABLE ratings (
  planner_id uuid NOT NULL,
  position bigint NOT NULL,
  "themeId" uuid NOT NULL,
  at timestamptz NOT NULL,
  "ratingPercent" integer,
  "previousRating" integer,
  note text,
  "commandId" uuid NOT NULL,
  PRIMARY KEY (planner_id, position)
);

CREATE INDEX ratings_of_theme ON ratings (planner_id, "themeId", position);
CREATE INDEX ratings_by_time ON ratings (planner_id, at, position);

-- Commands that were undone at some time, and whether they still are: the ratings that they wrote do not count. A table
-- of its own, so that an undo writes a row and looks for no rating.
CREATE TABLE undone (
  planner_id uuid NOT NULL,
  "commandId" uuid NOT NULL,
  undone boolean NOT NULL,
  PRIMARY KEY (planner_id, "commandId")
);
