-- What was removed and not restored: kind is pillar, theme or task, name a task's title, position
-- that of the removal in the log.
--
-- parameters: planner uuid
-- never null: kind, id, name, removedAt, position
-- pages by newest: position desc
SELECT 'pillar' AS kind, "pillarId" AS id, name, "removedAt", position
FROM pillars
WHERE planner_id = $1 AND "removedAt" IS NOT NULL
UNION ALL
SELECT 'theme', "themeId", name, "removedAt", position
FROM themes
WHERE planner_id = $1 AND "removedAt" IS NOT NULL
UNION ALL
SELECT 'task', "taskId", title, "removedAt", position
FROM tasks
WHERE planner_id = $1 AND "removedAt" IS NOT NULL
