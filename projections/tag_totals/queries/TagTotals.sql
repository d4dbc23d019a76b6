-- The tags of a planner's tasks: how many tasks with each are open, in progress and done, and their
-- minutes: of those to do and in progress (minutesLeft), and of those done. A task's minutes are
-- effortMinutes, else its time estimate as 15, 30, 60 or 120, else none. A task with two tags counts
-- in both.
--
-- parameters: planner uuid, tag text?
-- never null: tag, open, inProgress, done, minutesLeft, minutesDone
-- key: tag
-- pages by tag: tag
-- pages by left: minutesLeft desc, tag
SELECT tag, open, "inProgress", done, "minutesLeft", "minutesDone"
FROM totals
WHERE planner_id = $1 AND ($2 IS NULL OR tag = $2)
