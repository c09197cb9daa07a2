-- Requests to sources that allow only so many a day, by minute (since 1970).
CREATE TABLE source_request (
  source_id TEXT NOT NULL,
  minute BIGINT NOT NULL,
  requests BIGINT NOT NULL,
  PRIMARY KEY (source_id, minute)
);
