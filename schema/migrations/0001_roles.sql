-- The roles, one for each thing that may be done. Roles belong to the whole cluster: another plannerd in
-- another database of it may have made them.
DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['plannerd_owner', 'plannerd_eraser', 'plannerd_append',
                              'plannerd_project', 'plannerd_query', 'plannerd_erase']
  LOOP
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = name) THEN
      EXECUTE pg_catalog.format('CREATE ROLE %I NOLOGIN', name);
    END IF;
    -- Whoever runs the migrations acts as these roles.
    IF NOT pg_catalog.pg_has_role(current_user, name, 'MEMBER') THEN
      EXECUTE pg_catalog.format('GRANT %I TO current_user', name);
    END IF;
    EXECUTE pg_catalog.format('GRANT CONNECT ON DATABASE %I TO %I', current_database(), name);
  END LOOP;
  EXECUTE pg_catalog.format('GRANT CREATE ON DATABASE %I TO plannerd_owner, plannerd_project',
                            current_database());
  -- So that the owner can hand log.erase to the one role that may update events.
  GRANT plannerd_eraser TO plannerd_owner;
  EXECUTE pg_catalog.format('GRANT TEMPORARY ON DATABASE %I TO plannerd_query', current_database());
END
$$;

-- A view's query may not fill the disk; how long it may take is set by the daemon.
DO $$
BEGIN
  IF (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user) THEN
    ALTER ROLE plannerd_query SET temp_file_limit = '1GB';
  END IF;
END
$$;

GRANT USAGE ON SCHEMA migrator TO plannerd_owner, plannerd_append;
GRANT SELECT ON migrator.migrations TO plannerd_owner, plannerd_append;
