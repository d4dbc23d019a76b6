-- One task, or no row where the planner has none of that id. `due` is the instant at which it is
-- due: dueAt, or the end of dueDate in the planner's timezone.
--
-- parameters: planner uuid, taskId uuid
-- never null: taskId, title, priority, status, rank, tags, taskType, createdAt, updatedAt, version
-- key: taskId
SELECT
  tasks."taskId",
  tasks."themeId",
  themes.name AS "themeName",
  themes."pillarId",
  pillars.name AS "pillarName",
  tasks.title,
  tasks.description,
  tasks.notes,
  tasks."timeEstimate",
  tasks."effortMinutes",
  tasks.impact,
  tasks.priority,
  tasks.status,
  tasks."dueDate",
  tasks."dueAt",
  coalesce(
    tasks."dueAt",
    (tasks."dueDate" + 1)::timestamp AT TIME ZONE coalesce(preferences.timezone, 'UTC')) AS due,
  tasks."snoozedUntil",
  tasks."completedAt",
  tasks.rank,
  coalesce(tasks.tags, '{}') AS tags,
  tasks."taskType",
  tasks.recurrence,
  tasks."createdAt",
  tasks."updatedAt",
  tasks.version
FROM tasks
LEFT JOIN themes USING (planner_id, "themeId")
LEFT JOIN pillars USING (planner_id, "pillarId")
LEFT JOIN preferences USING (planner_id)
WHERE tasks.planner_id = $1 AND tasks."taskId" = $2 AND tasks."removedAt" IS NULL
