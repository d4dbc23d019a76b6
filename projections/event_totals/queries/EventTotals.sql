-- How many events were written a day, by category of stream and by type, over all planners and people.
-- Days are those of recordedAt in UTC. fromDay and toDay are inclusive.
--
-- parameters: fromDay date?, toDay date?, type text?
-- never null: day, category, type, events
-- key: day, category, type
-- pages by newest: day desc, category, type
-- pages by oldest: day, category, type
SELECT day, category, type, events
FROM totals
WHERE ($1 IS NULL OR day >= $1) AND ($2 IS NULL OR day <= $2) AND ($3 IS NULL OR type = $3)
