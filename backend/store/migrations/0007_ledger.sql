-- Every event says by whom, and carries the hash of the one before it and its own: domain/ledger.ts has the form.
-- What was written before does not say by whom; it is chained as it stands.
ALTER TABLE events RENAME TO events_unchained;
DROP INDEX events_of_trade;

CREATE TABLE events (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  at_ms INTEGER NOT NULL,
  type TEXT NOT NULL,
  -- Null when it is about no order.
  order_no TEXT,
  trade_no TEXT,
  refund_no TEXT,
  from_state TEXT,
  to_state TEXT,
  what TEXT,
  -- Further facts, as JSON.
  data TEXT,
  actor TEXT CHECK (actor IN ('person', 'integrator', 'till')),
  -- Of a person the id, of another system its name.
  actor_id TEXT,
  via TEXT,
  reason TEXT,
  approved_by TEXT,
  prev_hash BLOB NOT NULL CHECK (length(prev_hash) = 32),
  hash BLOB NOT NULL CHECK (length(hash) = 32),
  CHECK ((actor IS NULL) = (via IS NULL)),
  CHECK ((coalesce(actor, 'till') = 'till') = (actor_id IS NULL))
) STRICT;

INSERT INTO events (seq, at_ms, type, order_no, trade_no, from_state, to_state, what, prev_hash, hash)
SELECT seq, at_ms, type, order_no, trade_no, from_state, to_state, what,
       ledger_link('previous', seq, at_ms, type, order_no, trade_no, from_state, to_state, what),
       ledger_link('own', seq, at_ms, type, order_no, trade_no, from_state, to_state, what)
FROM events_unchained ORDER BY seq;

-- Positions are never given out twice, not even those that are in no row.
INSERT INTO sqlite_sequence (name, seq) SELECT 'events', 0
  WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'events');
UPDATE sqlite_sequence
  SET seq = max(seq, coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'events_unchained'), 0))
  WHERE name = 'events';
DROP TABLE events_unchained;

CREATE INDEX events_of_order ON events (order_no, seq) WHERE order_no IS NOT NULL;
CREATE INDEX events_of_refund ON events (refund_no, seq) WHERE refund_no IS NOT NULL;

CREATE TRIGGER events_never_change BEFORE UPDATE ON events
BEGIN
  SELECT raise(ABORT, 'events are never changed');
END;

CREATE TRIGGER events_never_go BEFORE DELETE ON events
BEGIN
  SELECT raise(ABORT, 'events are never deleted');
END;

-- Also what REPLACE would take away without a word.
CREATE TRIGGER events_follow BEFORE INSERT ON events
WHEN NEW.seq <= (SELECT coalesce(max(seq), 0) FROM events)
  OR NEW.prev_hash IS NOT coalesce((SELECT hash FROM events ORDER BY seq DESC LIMIT 1), zeroblob(32))
BEGIN
  SELECT raise(ABORT, 'events follow one another');
END;
