-- What the migrator keeps of itself; run at each start, before the migrations.

-- From version 16 on, who creates a role without being a superuser may grant it, but not act as it unless told here.
DO $$
BEGIN
  IF current_setting('server_version_num')::int >= 160000 THEN
    PERFORM set_config('createrole_self_grant', 'set, inherit', true);
  END IF;
END
$$;

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
