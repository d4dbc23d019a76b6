import EventLog
import EventLoop
import JSON
import Postgres
import Scalars
import TestSupport

extension PlannerFixture {
  /// Writes the events of an undo of a stream's last commands, derived from theirs and not decided: what is taken back
  /// may be undos, and then is redone. Folds meet combinations that no decider would let through.
  func takeBack(_ commands: Int, of stream: StreamID, as id: UUID) async throws {
    _ = try await value(
      """
      WITH stream AS (
        SELECT * FROM log.events
         WHERE category = '\(stream.category)' AND stream_id = '\(stream.id)'
      ), newest AS (
        SELECT command_id, max(version) AS last, bool_or(type ~ '^Command(Un|Re)done$') AS is_undo
          FROM stream GROUP BY command_id ORDER BY last DESC LIMIT \(commands)
      ), marks AS (
        SELECT newest.last, stream.version, flip.*
          FROM newest LEFT JOIN stream USING (command_id)
          CROSS JOIN LATERAL (
            SELECT CASE type WHEN 'CommandUndone' THEN 'CommandRedone' ELSE 'CommandUndone' END AS type,
                   data, CASE type WHEN 'CommandUndone' THEN command_id
                              ELSE (data->>'commandId')::uuid END AS undoes
             WHERE is_undo AND type ~ '^Command(Un|Re)done$'
             UNION ALL
            SELECT 'CommandUndone', jsonb_build_object('commandId', command_id), command_id
             WHERE stream.version = newest.last) AS flip
      ), changes AS (
        SELECT newest.last, stream.version,
               CASE WHEN type ~ '(Created|Restored)$' THEN kind || 'Removed'
                    WHEN type ~ 'Removed$' THEN kind || 'Restored'
                    WHEN type IN ('TasksReranked', 'PreferencesChanged') THEN type
                    ELSE kind || 'Changed' END AS type,
               data - 'before' - 'after'
                 || CASE WHEN data ? 'after' THEN jsonb_build_object('before', data->'after') ELSE '{}' END
                 || CASE WHEN data ? 'before' THEN jsonb_build_object('after', data->'before') ELSE '{}' END
                 AS data
          FROM newest JOIN stream USING (command_id)
          CROSS JOIN LATERAL (SELECT substring(type FROM '^(Pillar|Theme|Task)') AS kind) AS thing
         WHERE type !~ '^Command(Un|Re)done$' AND type <> 'PlannerOpened'
      ), drafts AS (
        SELECT 1 AS part, last, version, type, data, undoes FROM marks
         UNION ALL
        SELECT 2, last, version, type, data, NULL FROM changes
      ), numbered AS (
        SELECT *, row_number() OVER (ORDER BY part, last DESC, version DESC) AS number FROM drafts
      )
      SELECT (log.append(
        \(TestCluster.schemaVersion), '\(PlannerFixture.now)', array_agg('\(stream.category)'::text),
        array_agg('\(stream.id)'::uuid), array_agg((SELECT max(version) FROM stream) + number ORDER BY number),
        array_agg(type ORDER BY number), array_agg(data ORDER BY number), array_agg('\(id)'::uuid),
        array_agg(CASE number WHEN 1 THEN 'undo' END ORDER BY number),
        array_agg(CASE number WHEN 1 THEN '\\x01'::bytea END ORDER BY number), array_agg(1::bigint),
        array_agg('\(person)'::uuid), array_agg(1000::bigint), array_agg(42),
        array_agg('\(PlannerFixture.now)'::timestamptz), array_agg(undoes ORDER BY number))).first_position
      FROM numbered HAVING count(*) > 0
      """)
  }
}
