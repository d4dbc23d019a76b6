-- What decides how durable and how fast a commit is, and what plannerd sets.
SELECT json_object_agg(name, current_setting(name) ORDER BY name)
  FROM pg_settings
 WHERE name IN ('server_version', 'fsync', 'synchronous_commit', 'wal_sync_method', 'full_page_writes',
                'commit_delay', 'data_checksums', 'wal_compression', 'shared_buffers', 'max_wal_size',
                'checkpoint_timeout', 'work_mem', 'jit', 'max_connections');
