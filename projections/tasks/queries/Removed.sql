-- What was removed and not restored: kind is pillar, theme or task, name a task's title, position
-- that of the removal in the log. What is gone because its creation was undone is left out.
--
-- parameters: planner uuid
-- never null: kind, id, name, removedAt, position
-- key: kind, id
-- pages by newest: position desc
SELECT kind, id, name, "removedAt", position
FROM (
  SELECT planner_id, 'pillar' AS kind, "pillarId" AS id, name, "removedAt", position, "createdBy"
  FROM pillars
  UNION ALL
  SELECT planner_id, 'theme', "themeId", name, "removedAt", position, "createdBy"
  FROM themes
  UNION ALL
  SELECT planner_id, 'task', "taskId", title, "removedAt", position, "createdBy"
  FROM tasks
) AS things
WHERE planner_id = $1
  AND "removedAt" IS NOT NULL
  AND NOT EXISTS (
    SELECT FROM undone
    WHERE undone.planner_id = things.planner_id
      AND undone."commandId" = things."createdBy"
      AND undone.undone)
