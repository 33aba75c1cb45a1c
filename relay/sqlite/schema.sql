CREATE TABLE dead_letters (
  till        TEXT    NOT NULL,
  id          TEXT    NOT NULL,
  channel     TEXT    NOT NULL,
  received_ms INTEGER NOT NULL,
  source      TEXT    NOT NULL,
  headers     TEXT    NOT NULL,
  body        BLOB    NOT NULL,
  reason      TEXT    NOT NULL,
  died_ms     INTEGER NOT NULL,
  UNIQUE (till, id)
) STRICT;

CREATE TABLE deliveries (
  till        TEXT    NOT NULL,
  seq         INTEGER NOT NULL CHECK (seq > 0),
  id          TEXT    NOT NULL,
  channel     TEXT    NOT NULL,
  received_ms INTEGER NOT NULL,
  source      TEXT    NOT NULL,
  headers     TEXT    NOT NULL,
  body        BLOB    NOT NULL,
  -- Connections that ended without an answer to it.
  returns     INTEGER NOT NULL DEFAULT 0,
  UNIQUE (till, seq)
) STRICT;

CREATE TABLE journal (
  position INTEGER PRIMARY KEY,
  record   TEXT NOT NULL
) STRICT;

CREATE TABLE seen (
  till  TEXT    NOT NULL,
  id    TEXT    NOT NULL,
  at_ms INTEGER NOT NULL, seq INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (till, id)
) STRICT, WITHOUT ROWID;
