-- What the migrator keeps of itself; run at each start, before the migrations.
CREATE SCHEMA IF NOT EXISTS migrator;

CREATE TABLE IF NOT EXISTS migrator.migrations (
  number     integer     PRIMARY KEY,
  name       text        NOT NULL,
  sha256     text        NOT NULL,
  applied_at timestamptz NOT NULL DEFAULT now()
);

-- The files of functions, views and triggers, applied again when they change.
CREATE TABLE IF NOT EXISTS migrator.objects (
  path   text PRIMARY KEY,
  sha256 text NOT NULL
);
