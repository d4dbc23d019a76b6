-- scope: planner
-- Columns are named like the members of the events that fill them: apply.sql relies on it.
CREATE TABLE pillars (
  planner_id uuid NOT NULL,
  "pillarId" uuid NOT NULL,
  name text NOT NULL,
  color text NOT NULL,
  domain text NOT NULL,
  "createdAt" timestamptz NOT NULL,
  "updatedAt" timestamptz NOT NULL,
  version bigint NOT NULL,
  "removedAt" timestamptz,
  PRIMARY KEY (planner_id, "pillarId")
);

CREATE TABLE themes (
  planner_id uuid NOT NULL,
  "themeId" uuid NOT NULL,
  "pillarId" uuid NOT NULL,
  "ratingPercent" integer,
  "createdAt" timestamptz NOT NULL,
  "removedAt" timestamptz,
  PRIMARY KEY (planner_id, "themeId")
);
