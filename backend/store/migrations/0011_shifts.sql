-- A cashier's session: the events from where the one before ended to where it was closed. What was closed is kept
-- as it was printed.
CREATE TABLE shifts (
  shift_id INTEGER PRIMARY KEY AUTOINCREMENT,
  opened_at_ms INTEGER NOT NULL,
  opened_by TEXT,
  -- It counts what happened after this position in the ledger.
  from_seq INTEGER NOT NULL,
  closed_at_ms INTEGER,
  closed_by TEXT,
  -- The end of the ledger, its closing included: what the slip shows.
  to_seq INTEGER,
  head_hash TEXT CHECK (length(head_hash) = 64),
  unfinished INTEGER,
  reason TEXT,
  totals TEXT,
  CHECK ((closed_at_ms IS NULL) = (to_seq IS NULL)),
  CHECK ((closed_at_ms IS NULL) = (head_hash IS NULL)),
  CHECK ((closed_at_ms IS NULL) = (totals IS NULL)),
  CHECK ((closed_at_ms IS NULL) = (unfinished IS NULL)),
  CHECK (to_seq >= from_seq)
) STRICT;

CREATE UNIQUE INDEX shifts_one_open ON shifts ((closed_at_ms IS NULL)) WHERE closed_at_ms IS NULL;
