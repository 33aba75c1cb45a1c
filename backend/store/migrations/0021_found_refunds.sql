-- Whence a refund is known. here: this till asked for it · lost: under a number of this till's, which a restore
-- forgot · elsewhere: under any other number, as one that was made by hand at the wallet's own site.
ALTER TABLE refunds ADD COLUMN origin TEXT NOT NULL DEFAULT 'here' CHECK (origin IN ('here', 'lost', 'elsewhere'));

-- What was found at the wallet is never sent there, whoever writes.
CREATE TRIGGER refunds_found_unsent BEFORE INSERT ON refunds
WHEN NEW.origin <> 'here' AND NEW.state IN ('queued', 'asked', 'refused', 'withdrawn')
BEGIN
  SELECT RAISE(ABORT, 'a refund that was found is not sent');
END;

CREATE TRIGGER refunds_found_stay_unsent BEFORE UPDATE ON refunds
WHEN NEW.origin <> OLD.origin
  OR (NEW.origin <> 'here' AND (NEW.sends > 0 OR NEW.state IN ('queued', 'asked', 'refused', 'withdrawn')))
BEGIN
  SELECT RAISE(ABORT, 'a refund that was found is not sent');
END;

-- The outbox learns to look for refunds that are not known here: the wallet's number for one is the payload.
CREATE TABLE outbox_with_finds (
  entry_id INTEGER PRIMARY KEY AUTOINCREMENT,
  kind TEXT NOT NULL
    CHECK (kind IN ('open', 'query', 'close', 'cancel', 'refund', 'refund_query', 'refund_find',
      'give_back', 'tell')),
  -- Who is spoken to. What one receiver suffers holds up no other.
  queue TEXT NOT NULL,
  -- Entries of a lane are done one at a time, oldest first.
  lane TEXT NOT NULL,
  order_no TEXT NOT NULL REFERENCES orders (order_no),
  trade_no TEXT REFERENCES trades (trade_no),
  refund_no TEXT REFERENCES refunds (refund_no),
  payload TEXT,
  -- due: the machine carries on · parked: it waits for a person · set_aside: a person ended it.
  state TEXT NOT NULL DEFAULT 'due' CHECK (state IN ('due', 'parked', 'set_aside')),
  parked_why TEXT,
  -- 0: a customer waits for it · 1: it can wait.
  priority INTEGER NOT NULL CHECK (priority IN (0, 1)),
  created_at_ms INTEGER NOT NULL,
  due_at_ms INTEGER NOT NULL,
  -- Tries in a row that brought nothing new: the basis of back-off.
  attempts INTEGER NOT NULL DEFAULT 0,
  -- Answers in a row that could not be understood or believed: the basis of parking.
  puzzles INTEGER NOT NULL DEFAULT 0,
  -- The last outcome of each kind, as JSON, so that only news is kept elsewhere.
  last_outcomes TEXT NOT NULL DEFAULT '{}',
  last_outcome TEXT,
  last_attempt_at_ms INTEGER,
  last_answer_at_ms INTEGER,
  unanswered_since_ms INTEGER,
  -- Who carries it out just now, and until when nobody else may.
  lease_holder TEXT,
  lease_until_ms INTEGER,
  set_aside_at_ms INTEGER,
  set_aside_reason TEXT,
  CHECK ((state = 'parked') <= (parked_why IS NOT NULL)),
  CHECK ((state = 'set_aside') = (set_aside_at_ms IS NOT NULL)),
  CHECK ((set_aside_at_ms IS NULL) = (set_aside_reason IS NULL)),
  CHECK ((lease_holder IS NULL) = (lease_until_ms IS NULL)),
  CHECK ((kind IN ('refund', 'refund_query')) = (refund_no IS NOT NULL))
) STRICT;

-- Entry numbers go on where they were.
INSERT INTO sqlite_sequence (name, seq) SELECT 'outbox_with_finds', seq FROM sqlite_sequence WHERE name = 'outbox';
INSERT INTO outbox_with_finds (entry_id, kind, queue, lane, order_no, trade_no, refund_no, payload, state, parked_why, priority,
  created_at_ms, due_at_ms, attempts, puzzles, last_outcomes, last_outcome, last_attempt_at_ms, last_answer_at_ms,
  unanswered_since_ms, lease_holder, lease_until_ms, set_aside_at_ms, set_aside_reason)
SELECT entry_id, kind, queue, lane, order_no, trade_no, refund_no, payload, state, parked_why, priority,
  created_at_ms, due_at_ms, attempts, puzzles, last_outcomes, last_outcome, last_attempt_at_ms, last_answer_at_ms,
  unanswered_since_ms, lease_holder, lease_until_ms, set_aside_at_ms, set_aside_reason
FROM outbox ORDER BY entry_id;
DROP TABLE outbox;
ALTER TABLE outbox_with_finds RENAME TO outbox;

CREATE INDEX outbox_due ON outbox (queue, priority, due_at_ms, entry_id) WHERE state = 'due';
CREATE INDEX outbox_lane ON outbox (lane, entry_id) WHERE state <> 'set_aside';
CREATE INDEX outbox_parked ON outbox (entry_id) WHERE state = 'parked';
CREATE INDEX outbox_leased ON outbox (entry_id) WHERE lease_holder IS NOT NULL;
CREATE INDEX outbox_unanswered ON outbox (unanswered_since_ms)
  WHERE unanswered_since_ms IS NOT NULL AND state = 'due';
CREATE UNIQUE INDEX outbox_one_dialogue ON outbox (trade_no) WHERE kind IN ('open', 'query', 'close', 'cancel');
CREATE UNIQUE INDEX outbox_one_refund ON outbox (refund_no) WHERE refund_no IS NOT NULL AND state <> 'set_aside';
-- Whether a payment goes back is decided once at a time.
CREATE UNIQUE INDEX outbox_one_decision ON outbox (trade_no) WHERE kind = 'give_back' AND state <> 'set_aside';
CREATE UNIQUE INDEX outbox_one_find ON outbox (trade_no, payload) WHERE kind = 'refund_find' AND state <> 'set_aside';
