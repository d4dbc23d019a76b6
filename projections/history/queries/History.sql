-- The commands of a planner that wrote something. position and lastPosition are those of its first
-- and last event, entityId the pillar, theme or task of the first event that concerns one. at is
-- when it happened, as the command says. undoes lists the commands that it undid or redid; undoneBy
-- is the undo that took it back and counts. since is inclusive and until exclusive, both of `at`.
-- undone: only those that are undone now, or (false) only the others.
--
-- parameters: planner uuid, commandId uuid?, command text?, entityId uuid?, since timestamptz?, until timestamptz?, undone boolean?
-- never null: commandId, position, lastPosition, events, at, recordedAt, personId, uid, undoes, undone
-- key: commandId
-- pages by newest: position desc
-- pages by oldest: position
SELECT
  first."commandId",
  first.command,
  first.position,
  whole."lastPosition",
  whole.events,
  first.at,
  first."recordedAt",
  first."personId",
  first.uid,
  whole."entityId",
  whole.undoes,
  undone."undoneBy",
  undone."undoneBy" IS NOT NULL AS undone
FROM events AS first
CROSS JOIN LATERAL (
  SELECT
    max(events.position) AS "lastPosition",
    count(*) AS events,
    (array_agg(events."entityId" ORDER BY events.position)
      FILTER (WHERE events."entityId" IS NOT NULL))[1] AS "entityId",
    coalesce(
      array_agg(events.undoes ORDER BY events.position) FILTER (WHERE events.undoes IS NOT NULL),
      '{}') AS undoes
  FROM events
  WHERE events.planner_id = first.planner_id AND events."commandId" = first."commandId"
) AS whole
LEFT JOIN undone USING (planner_id, "commandId")
WHERE first.planner_id = $1
  -- Most events are the first of their commands, and few commands are undone. Postgres takes the opposite for granted where
  -- it sees through a condition, and then gathers the whole history for a page: coalesce is opaque to it.
  AND coalesce(
    first.position = (
      SELECT min(own.position)
      FROM events AS own
      WHERE own.planner_id = first.planner_id AND own."commandId" = first."commandId"),
    false)
  AND ($2 IS NULL OR first."commandId" = $2)
  AND ($3 IS NULL OR first.command = $3)
  AND ($4 IS NULL
    OR whole."entityId" = $4
      -- Few commands concern it: of the others no events are gathered.
      AND first."commandId" IN (
        SELECT events."commandId" FROM events
        WHERE events.planner_id = $1 AND events."entityId" = $4))
  AND ($5 IS NULL OR first.at >= $5)
  AND ($6 IS NULL OR first.at < $6)
  AND ($7 IS NULL OR coalesce(undone."undoneBy" IS NOT NULL, false) = $7)
