-- given
SELECT 'TaskCreated' AS type,
  jsonb_build_object(
    'taskId', format('01900003-0000-7000-8000-%s', lpad(number::text, 12, '0')),
    'after', jsonb_build_object(
      'title', 'Task ' || number, 'priority', 3, 'status', 'open', 'rank', number * 1024,
      'taskType', 'adhoc', 'effortMinutes', number, 'tags', jsonb_build_array('tag ' || number % 3))
  ) AS data
FROM generate_series(1, 100) AS number
-- expect TagTotals {"tag": "tag 1"}
SELECT 'tag 1' AS tag, count(*) AS open, 0 AS done, sum(number) AS "minutesLeft"
FROM generate_series(1, 100, 3) AS number
