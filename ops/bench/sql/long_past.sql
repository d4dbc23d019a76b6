-- Fills one planner's stream of an empty log through log.append, in batches of 1,000 events: 5 pillars, 25 themes, some
-- tasks, and then nothing but changes of these: of 50 events one rates a theme, the others change, start, complete
-- and reopen tasks.
--
-- Variables of psql: events (in all), tasks, planner, person.
\set ON_ERROR_STOP on
SET synchronous_commit = off;

CREATE FUNCTION pg_temp.id(kind text, number int) RETURNS uuid
LANGUAGE sql IMMUTABLE AS $$
  SELECT overlay(overlay(md5(kind || '/' || number::text)
      PLACING lpad(to_hex(1790000000000 + number * 60000::bigint), 12, '0') || '7' FROM 1 FOR 13)
      PLACING '8' FROM 17 FOR 1)::uuid
$$;

CREATE FUNCTION pg_temp.event(tasks int, version int) RETURNS TABLE (type text, data jsonb)
LANGUAGE sql STABLE AS $$
  SELECT
    CASE
      WHEN version = 1 THEN 'PlannerOpened'
      WHEN version <= 6 THEN 'PillarCreated'
      WHEN version <= 31 THEN 'ThemeCreated'
      WHEN version <= 31 + tasks THEN 'TaskCreated'
      WHEN version % 50 = 0 THEN 'ThemeRated'
      ELSE (ARRAY['TaskChanged', 'TaskStarted', 'TaskCompleted', 'TaskReopened'])[r.round % 4 + 1]
    END,
    CASE
      WHEN version = 1 THEN jsonb_build_object('ownerId', pg_temp.id('person', 0))
      WHEN version <= 6 THEN
        jsonb_build_object('pillarId', pg_temp.id('pillar', version - 2), 'after',
          jsonb_build_object('name', 'Pillar ' || version, 'color', '#3A6FD8', 'domain', 'personal'))
      WHEN version <= 31 THEN
        jsonb_build_object('themeId', pg_temp.id('theme', version - 7), 'after',
          jsonb_build_object('pillarId', pg_temp.id('pillar', version % 5), 'name', 'Theme ' || version))
      WHEN version <= 31 + tasks THEN
        jsonb_build_object('taskId', pg_temp.id('task', version - 32), 'after',
          jsonb_build_object('title', 'Write to the landlord about the windows ' || version,
            'priority', 1 + version % 5, 'impact', 'M', 'effortMinutes', 30, 'status', 'open',
            'dueDate', '2027-05-17', 'rank', 1024 * (version / 25), 'tags', jsonb_build_array('home', 'letters'),
            'taskType', 'adhoc', 'themeId', pg_temp.id('theme', version % 25)))
      WHEN version % 50 = 0 THEN
        jsonb_build_object('themeId', pg_temp.id('theme', version / 50 % 25),
          'before', jsonb_build_object('ratingPercent', NULL, 'previousRating', NULL),
          'after', jsonb_build_object('ratingPercent', version % 101, 'previousRating', version % 99))
      WHEN r.round % 4 = 0 THEN
        jsonb_build_object('taskId', pg_temp.id('task', version % tasks),
          'before', jsonb_build_object('title', 'Write to the landlord', 'priority', 3),
          'after', jsonb_build_object('title', 'Call the landlord ' || version, 'priority', 1 + version % 5))
      ELSE
        jsonb_build_object('taskId', pg_temp.id('task', version % tasks),
          'before', jsonb_build_object('status', (ARRAY['open', 'inProgress', 'done'])[r.round % 4], 'completedAt', NULL),
          'after', jsonb_build_object('status', (ARRAY['inProgress', 'done', 'open'])[r.round % 4], 'completedAt', NULL))
    END
  FROM (SELECT version / tasks AS round) AS r
$$;

CREATE PROCEDURE pg_temp.generate(events int, tasks int, planner uuid, person uuid) LANGUAGE plpgsql AS $$
DECLARE
  known_schema int := (SELECT max(number) FROM migrator.migrations);
BEGIN
  FOR start IN 1..events BY 1000 LOOP
    PERFORM log.append(
        known_schema, timestamptz '2026-01-01Z' + start * interval '1 second', array_agg('planner'::text), array_agg(planner),
        array_agg(version::bigint), array_agg(type), array_agg(data),
        array_agg(pg_temp.id('command', version)), array_agg(type), array_agg(sha256(int4send(version))),
        array_agg(500::bigint), array_agg(person), array_agg(0::bigint), array_agg(4711),
        array_agg(timestamptz '2026-01-01Z' + version * interval '1 second'), array_agg(NULL::uuid))
      FROM generate_series(start, start + 999) AS version CROSS JOIN LATERAL pg_temp.event(tasks, version);
    COMMIT;
  END LOOP;
END
$$;

CALL pg_temp.generate(:events, :tasks, :'planner', :'person');
