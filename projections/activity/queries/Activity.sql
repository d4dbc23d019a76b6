-- What happened to a planner, a line an event, in words: `Rated Sleep 70 % (was 55 %)`. Names are those
-- that things had then. Nothing is left out: what was undone is marked (undone), and the undo says what
-- it took back. personId and uid are of who did it, entityId is the pillar, theme or task concerned,
-- at when it happened, as the command says. since is inclusive and until exclusive, both of `at`.
--
-- parameters: planner uuid, entityId uuid?, commandId uuid?, since timestamptz?, until timestamptz?
-- never null: position, text, type, at, recordedAt, personId, uid, commandId, undone
-- key: position
-- pages by newest: position desc
-- pages by oldest: position
SELECT
  events.position,
  CASE events.type
    WHEN 'CommandUndone' THEN 'Took back: '
    WHEN 'CommandRedone' THEN 'Brought back: '
    ELSE ''
  END
  || translate(CASE
    WHEN told.type IS NULL THEN 'a command'
    WHEN told.type IN ('CommandUndone', 'CommandRedone') THEN 'an undo'
    WHEN told.type = 'PlannerOpened' THEN 'Opened the planner'
    WHEN told.type = 'TasksReranked' THEN 'Ranked tasks anew'
    WHEN told.type = 'PreferencesChanged' THEN concat('Set preferences: ', detail.changes)
    WHEN told.type = 'ThemeRated' THEN
      concat('Rated ', subject.name, ' ', told.data->'after'->>'ratingPercent', ' %',
        ' (was ' || (told.data->'before'->>'ratingPercent') || ' %)',
        ': “' || (told.data->'after'->>'lastReflectionNote') || '”')
    WHEN told.type = 'TaskMoved' THEN
      concat('Moved “', subject.name, '” ',
        CASE WHEN told.data->'after'->'themeId' = told.data->'before'->'themeId' THEN 'within '
          ELSE 'to ' END,
        CASE WHEN told.data->'after'->>'themeId' IS NULL THEN 'the inbox' ELSE subject.place END)
    WHEN told.type = 'TaskSnoozed' THEN
      concat('Snoozed “', subject.name, '” until ', told.data->'after'->>'snoozedUntil')
    ELSE
      concat(
        CASE regexp_replace(told.type, '^(Pillar|Theme|Task)', '')
          WHEN 'Created' THEN 'Added' WHEN 'Changed' THEN 'Changed' WHEN 'Removed' THEN 'Removed'
          WHEN 'Restored' THEN 'Restored' WHEN 'Started' THEN 'Started'
          WHEN 'Completed' THEN 'Completed' WHEN 'Reopened' THEN 'Reopened'
          WHEN 'Woken' THEN 'Woke' ELSE told.type
        END,
        CASE WHEN told.type LIKE 'Task%' THEN ' “' || subject.name || '”'
          WHEN told.type LIKE 'Theme%' THEN ' theme ' || subject.name
          WHEN told.type LIKE 'Pillar%' THEN ' pillar ' || subject.name
        END,
        CASE WHEN told.type LIKE '%Changed' THEN ': ' || detail.changes END)
  END, E'\n', ' ')
  || CASE WHEN coalesce(undone.undone, false) THEN ' (undone)' ELSE '' END AS text,
  events.type,
  events.at,
  events."recordedAt",
  events."personId",
  events.uid,
  events."commandId",
  events."entityId",
  coalesce(undone.undone, false) AS undone
FROM events
LEFT JOIN undone USING (planner_id, "commandId")
-- What is told: of an undo, the last event of the command that it took back, which is what that one was about.
LEFT JOIN LATERAL (
  SELECT events.type, events.data, events."entityId", events.position
  WHERE events.type NOT IN ('CommandUndone', 'CommandRedone')
  UNION ALL
  (
    SELECT target.type, target.data, target."entityId", target.position
    FROM events AS target
    WHERE events.type IN ('CommandUndone', 'CommandRedone')
      AND target.planner_id = $1
      AND target."commandId" = (SELECT (events.data->>'commandId')::uuid)
    -- An undo begins by saying so.
    ORDER BY target.type IN ('CommandUndone', 'CommandRedone') DESC, target.position DESC
    LIMIT 1
  )
) AS told ON true
LEFT JOIN LATERAL (
  SELECT
    (SELECT names.name FROM names
      WHERE names.planner_id = $1 AND names."entityId" = told."entityId"
        AND names.position <= told.position
      ORDER BY names.position DESC LIMIT 1
    ) AS name,
    (SELECT names.name FROM names
      WHERE names.planner_id = $1
        AND names."entityId" = (SELECT (told.data->'after'->>'themeId')::uuid)
        AND names.position <= told.position
      ORDER BY names.position DESC LIMIT 1
    ) AS place
) AS subject ON true
LEFT JOIN LATERAL (
  SELECT string_agg(
    concat(change.key, ' ', coalesce(change.before, '–'), ' → ', coalesce(change.after, '–')),
    ', ' ORDER BY change.key) AS changes
  FROM (
    SELECT after.key, side.number,
      max(side.shown) FILTER (WHERE side.number = 1) OVER (PARTITION BY after.key) AS before,
      max(side.shown) FILTER (WHERE side.number = 2) OVER (PARTITION BY after.key) AS after
    FROM jsonb_each_text(told.data->'after') AS after
    CROSS JOIN LATERAL (
      SELECT sides.number,
        CASE
          WHEN after.key IN ('pillarId', 'themeId') THEN
            (SELECT names.name FROM names
              WHERE names.planner_id = $1 AND names."entityId" = (SELECT sides.value::uuid)
                AND names.position <= told.position
              ORDER BY names.position DESC LIMIT 1)
          WHEN sides.value LIKE '% %' THEN '“' || sides.value || '”'
          ELSE sides.value
        END AS shown
      FROM (VALUES (1, told.data->'before'->>after.key), (2, after.value)) AS sides (number, value)
    ) AS side
  ) AS change
  WHERE change.number = 1
) AS detail ON told.type LIKE '%Changed'
WHERE events.planner_id = $1
  AND ($2 IS NULL OR events."entityId" = $2)
  AND ($3 IS NULL OR events."commandId" = $3)
  AND ($4 IS NULL OR events.at >= $4)
  AND ($5 IS NULL OR events.at < $5)
