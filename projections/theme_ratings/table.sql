-- scope: planner
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
  "ratedAt" timestamptz,
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
  PRIMARY KEY (planner_id, position)
);

CREATE INDEX ratings_of_theme ON ratings (planner_id, "themeId", at, position);
