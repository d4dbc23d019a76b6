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
  commands."commandId",
  commands.command,
  commands.position,
  commands."lastPosition",
  commands.events,
  commands.at,
  commands."recordedAt",
  commands."personId",
  commands.uid,
  commands."entityId",
  commands.undoes,
  undone."undoneBy",
  undone."undoneBy" IS NOT NULL AS undone
FROM commands
LEFT JOIN undone USING (planner_id, "commandId")
WHERE commands.planner_id = $1
  AND ($2 IS NULL OR commands."commandId" = $2)
  AND ($3 IS NULL OR commands.command = $3)
  AND ($4 IS NULL OR commands."entityId" = $4)
  AND ($5 IS NULL OR commands.at >= $5)
  AND ($6 IS NULL OR commands.at < $6)
  AND ($7 IS NULL OR (undone."undoneBy" IS NOT NULL) = $7)
