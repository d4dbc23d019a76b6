-- The tasks of a planner; each filter that is given must hold. inbox: without a theme, or (false)
-- in one. dueFrom and dueBefore bound the day on which a task is due, dueBefore exclusively; a
-- dueAt counts by its day in the planner's timezone, and a task without a due date is left out.
-- snoozed: snoozed now, or (false) not. actionable: open or in progress, and not snoozed now. text:
-- occurs in title, description or notes, in upper or lower case. `due` is the instant at which a
-- task is due: dueAt, or the end of dueDate in the planner's timezone. By rank is by pillar and
-- theme, the inbox last.
--
-- parameters: planner uuid, pillarId uuid?, themeId uuid?, inbox boolean?, status text?, tag text?, dueFrom date?, dueBefore date?, snoozed boolean?, actionable boolean?, text text?
-- never null: taskId, title, priority, status, rank, tags, taskType, createdAt, updatedAt, version
-- key: taskId
-- pages by newest: createdAt desc, taskId
-- pages by oldest: createdAt, taskId
-- pages by updated: updatedAt desc, taskId
-- pages by due: due nulls last, taskId
-- pages by priority: priority desc, due nulls last, taskId
-- pages by title: title, taskId
-- pages by rank: pillarName nulls last, themeName nulls last, rank, taskId
-- now
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
WHERE tasks.planner_id = $1
  AND tasks."removedAt" IS NULL
  AND ($2 IS NULL OR themes."pillarId" = $2)
  AND ($3 IS NULL OR tasks."themeId" = $3)
  AND ($4 IS NULL OR (tasks."themeId" IS NULL) = $4)
  AND ($5 IS NULL OR tasks.status = $5)
  AND ($6 IS NULL OR $6 = ANY (tasks.tags))
  AND ($7 IS NULL OR $7 <= coalesce(
    tasks."dueDate",
    (tasks."dueAt" AT TIME ZONE coalesce(preferences.timezone, 'UTC'))::date))
  AND ($8 IS NULL OR $8 > coalesce(
    tasks."dueDate",
    (tasks."dueAt" AT TIME ZONE coalesce(preferences.timezone, 'UTC'))::date))
  AND ($9 IS NULL OR coalesce(tasks."snoozedUntil" > $12, false) = $9)
  AND ($10 IS NULL
    OR (tasks.status <> 'done' AND NOT coalesce(tasks."snoozedUntil" > $12, false)) = $10)
  AND ($11 IS NULL
    OR strpos(lower(tasks.title), lower($11)) > 0
    OR strpos(lower(tasks.description), lower($11)) > 0
    OR strpos(lower(tasks.notes), lower($11)) > 0)
