-- Each statement merges the events of a thing into one JSON object and lays that over the row there
-- was; projections/README.md explains the pattern.
--
-- Live, a batch is an event or two: a statement that none of them concerns is skipped.
DECLARE
  types text[] := ARRAY(SELECT DISTINCT type FROM batch);
BEGIN
  IF types && ARRAY['PillarCreated', 'PillarChanged', 'PillarRemoved', 'PillarRestored'] THEN
    INSERT INTO pillars (
      planner_id, "pillarId", name, color, domain, "createdAt", "updatedAt", version, "removedAt")
    SELECT merged.planner_id, merged.pillar_id, next.name, next.color, next.domain,
      next."createdAt", merged.updated_at, merged.version, next."removedAt"
    FROM (
      SELECT planner_id, pillar_id, max(version) AS version,
        (array_agg(occurred_at ORDER BY version))[count(*)] AS updated_at,
        concat('{', string_agg(members, ',' ORDER BY version), '}')::jsonb AS members
      FROM (
        SELECT stream_id AS planner_id, (data->>'pillarId')::uuid AS pillar_id, version,
          occurred_at,
          CASE type
            WHEN 'PillarCreated' THEN
              '"removedAt": null, "createdAt": ' || to_json(occurred_at) || ', '
              || left(right(data->>'after', -1), -1)
            WHEN 'PillarRemoved' THEN '"removedAt": ' || to_json(occurred_at)
            WHEN 'PillarRestored' THEN
              concat_ws(', ', '"removedAt": null', nullif(left(right(data->>'after', -1), -1), ''))
            ELSE nullif(left(right(data->>'after', -1), -1), '')
          END AS members
        FROM batch
        WHERE type IN ('PillarCreated', 'PillarChanged', 'PillarRemoved', 'PillarRestored')
      ) AS events
      GROUP BY planner_id, pillar_id
    ) AS merged
    CROSS JOIN LATERAL jsonb_populate_record(
      (SELECT known FROM pillars AS known
        WHERE known.planner_id = merged.planner_id AND known."pillarId" = merged.pillar_id),
      merged.members) AS next
    WHERE next."createdAt" IS NOT NULL
    ON CONFLICT (planner_id, "pillarId") DO UPDATE SET
      (name, color, domain, "createdAt", "updatedAt", version, "removedAt")
      = (excluded.name, excluded.color, excluded.domain, excluded."createdAt", excluded."updatedAt",
        excluded.version, excluded."removedAt");
  END IF;

  IF types && ARRAY[
    'ThemeCreated', 'ThemeChanged', 'ThemeRated', 'ThemeRemoved', 'ThemeRestored'] THEN
    INSERT INTO themes (
      planner_id, "themeId", "pillarId", "ratingPercent", "createdAt", "removedAt")
    SELECT merged.planner_id, merged.theme_id, next."pillarId", next."ratingPercent",
      next."createdAt", next."removedAt"
    FROM (
      SELECT planner_id, theme_id,
        concat('{', string_agg(members, ',' ORDER BY version), '}')::jsonb AS members
      FROM (
        SELECT stream_id AS planner_id, (data->>'themeId')::uuid AS theme_id, version,
          CASE type
            WHEN 'ThemeCreated' THEN
              '"ratingPercent": null, "removedAt": null, "createdAt": ' || to_json(occurred_at)
              || ', ' || left(right(data->>'after', -1), -1)
            WHEN 'ThemeRemoved' THEN '"removedAt": ' || to_json(occurred_at)
            WHEN 'ThemeRestored' THEN
              concat_ws(', ', '"removedAt": null', nullif(left(right(data->>'after', -1), -1), ''))
            ELSE nullif(left(right(data->>'after', -1), -1), '')
          END AS members
        FROM batch
        WHERE type IN (
          'ThemeCreated', 'ThemeChanged', 'ThemeRated', 'ThemeRemoved', 'ThemeRestored')
      ) AS events
      GROUP BY planner_id, theme_id
    ) AS merged
    CROSS JOIN LATERAL jsonb_populate_record(
      (SELECT known FROM themes AS known
        WHERE known.planner_id = merged.planner_id AND known."themeId" = merged.theme_id),
      merged.members) AS next
    WHERE next."createdAt" IS NOT NULL
    ON CONFLICT (planner_id, "themeId") DO UPDATE SET
      ("pillarId", "ratingPercent", "createdAt", "removedAt")
      = (excluded."pillarId", excluded."ratingPercent", excluded."createdAt", excluded."removedAt");
  END IF;
END;
