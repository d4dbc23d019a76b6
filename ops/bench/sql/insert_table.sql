-- What a bare INSERT is measured on: the columns of an event that carry data, with as many unique indexes; no trigger,
-- no hash chain, no lock, no check of versions.
CREATE SEQUENCE versions;
CREATE TABLE events (
  position    bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  stream_id   uuid        NOT NULL,
  version     bigint      NOT NULL DEFAULT nextval('versions'),
  type        text        NOT NULL,
  data        jsonb       NOT NULL,
  command_id  uuid        NOT NULL DEFAULT gen_random_uuid() UNIQUE,
  person_id   uuid        NOT NULL,
  recorded_at timestamptz NOT NULL DEFAULT now(),
  salt        bytea       NOT NULL,
  hash        bytea       NOT NULL,
  UNIQUE (stream_id, version)
);
