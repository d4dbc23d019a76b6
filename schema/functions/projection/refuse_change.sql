-- Lets the rows of a series be changed by a mend, and by people, but not by apply().
CREATE OR REPLACE FUNCTION projection.refuse_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF current_user = 'plannerd_project' AND current_setting('plannerd.mends', true) IS DISTINCT FROM 'true' THEN
    RAISE EXCEPTION 'the table % is a series: apply.sql may only add rows to it', TG_TABLE_NAME USING ERRCODE = 'PL005';
  END IF;
  RETURN NULL;
END
$$;
GRANT EXECUTE ON FUNCTION projection.refuse_change TO plannerd_project;
