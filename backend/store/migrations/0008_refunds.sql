-- Money given back. Row and number are committed with their intent before the wallet is asked; the number never
-- changes. What is still possible of a payment is derived from these rows.
CREATE TABLE refunds (
  refund_no TEXT PRIMARY KEY CHECK (length(refund_no) BETWEEN 6 AND 64),
  trade_no TEXT NOT NULL REFERENCES trades (trade_no),
  order_no TEXT NOT NULL REFERENCES orders (order_no),
  channel TEXT NOT NULL,
  amount_fen INTEGER NOT NULL CHECK (amount_fen > 0),
  reason TEXT NOT NULL,
  -- asked: somebody wanted it · late, surplus: the payment was one that goes back.
  why TEXT NOT NULL CHECK (why IN ('asked', 'late', 'surplus')),
  state TEXT NOT NULL CHECK (state IN
    ('queued', 'asked', 'processing', 'abnormal', 'succeeded', 'closed', 'refused', 'withdrawn')),
  provider_refund_no TEXT,
  requested_at_ms INTEGER NOT NULL,
  -- How often it was sent and may have reached the wallet, the request under way included.
  sends INTEGER NOT NULL DEFAULT 0 CHECK (sends >= 0),
  last_sent_at_ms INTEGER,
  succeeded_at_ms INTEGER,
  ended_at_ms INTEGER,
  unknown_since_ms INTEGER,
  held TEXT CHECK (held IN ('balance')),
  refusal_reason TEXT,
  refusal_code TEXT,
  refusal_message TEXT,
  incident TEXT CHECK (incident IN ('amount_mismatch', 'merchant_mismatch', 'exceeds_paid')),
  set_aside_at_ms INTEGER,
  set_aside_reason TEXT,
  CHECK ((state = 'succeeded') = (succeeded_at_ms IS NOT NULL)),
  CHECK ((set_aside_at_ms IS NULL) = (set_aside_reason IS NULL))
) STRICT, WITHOUT ROWID;

CREATE INDEX refunds_of_trade ON refunds (trade_no, requested_at_ms);
CREATE INDEX refunds_newest ON refunds (requested_at_ms DESC, refund_no DESC);
CREATE INDEX refunds_by_state ON refunds (state, requested_at_ms DESC, refund_no DESC);
CREATE INDEX refunds_succeeded ON refunds (succeeded_at_ms) WHERE state = 'succeeded';

-- Never more than was paid, whoever writes: what ended without giving anything back is free again, what is
-- unknown is not.
CREATE TRIGGER refunds_within_paid BEFORE INSERT ON refunds
WHEN NEW.state NOT IN ('closed', 'refused', 'withdrawn')
BEGIN
  SELECT RAISE(ABORT, 'refund exceeds payment') WHERE NEW.amount_fen + (
    SELECT coalesce(sum(amount_fen), 0) FROM refunds
    WHERE trade_no = NEW.trade_no AND state NOT IN ('closed', 'refused', 'withdrawn')
  ) > (SELECT amount_fen FROM trades WHERE trade_no = NEW.trade_no);
  -- One that a restore brings back may be about a payment that is still to be looked up.
  SELECT RAISE(ABORT, 'refund of what is not paid') WHERE NEW.state = 'queued'
    AND NOT EXISTS (SELECT 1 FROM trades WHERE trade_no = NEW.trade_no AND state = 'paid');
END;

CREATE TRIGGER refunds_within_paid_again BEFORE UPDATE OF state ON refunds
WHEN OLD.state IN ('closed', 'refused', 'withdrawn') AND NEW.state NOT IN ('closed', 'refused', 'withdrawn')
BEGIN
  SELECT RAISE(ABORT, 'refund exceeds payment') WHERE NEW.amount_fen + (
    SELECT coalesce(sum(amount_fen), 0) FROM refunds
    WHERE trade_no = NEW.trade_no AND state NOT IN ('closed', 'refused', 'withdrawn')
  ) > (SELECT amount_fen FROM trades WHERE trade_no = NEW.trade_no);
END;

CREATE TRIGGER refunds_keep_their_terms
BEFORE UPDATE OF refund_no, trade_no, order_no, channel, amount_fen, reason, why, requested_at_ms ON refunds
BEGIN
  SELECT RAISE(ABORT, 'a refund keeps its number and its terms');
END;

CREATE TRIGGER refunds_stay BEFORE DELETE ON refunds
BEGIN
  SELECT RAISE(ABORT, 'a refund is never deleted');
END;

ALTER TABLE exchanges ADD COLUMN refund_no TEXT;

-- The outbox learns of refunds: a dialogue each, and the decision whether a payment goes back.
CREATE TABLE outbox_with_refunds (
  entry_id INTEGER PRIMARY KEY AUTOINCREMENT,
  kind TEXT NOT NULL
    CHECK (kind IN ('open', 'query', 'close', 'cancel', 'refund', 'refund_query', 'give_back', 'tell')),
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
INSERT INTO sqlite_sequence (name, seq) SELECT 'outbox_with_refunds', seq FROM sqlite_sequence WHERE name = 'outbox';
-- Until now a person gave back at the wallet's own site, also what was due by rule: a person decides about it.
INSERT INTO outbox_with_refunds (entry_id, kind, queue, lane, order_no, trade_no, payload, state, parked_why,
  priority, created_at_ms, due_at_ms, attempts, puzzles, last_outcomes, last_outcome, last_attempt_at_ms,
  last_answer_at_ms, unanswered_since_ms, lease_holder, lease_until_ms, set_aside_at_ms, set_aside_reason)
SELECT entry_id, iif(kind = 'refund', 'give_back', kind),
  iif(kind = 'refund', (SELECT channel FROM trades WHERE trades.trade_no = outbox.trade_no), queue),
  lane, order_no, trade_no, payload, state, parked_why,
  priority, created_at_ms, due_at_ms, attempts, puzzles, last_outcomes, last_outcome, last_attempt_at_ms,
  last_answer_at_ms, unanswered_since_ms, lease_holder, lease_until_ms, set_aside_at_ms, set_aside_reason
FROM outbox ORDER BY entry_id;
UPDATE trades SET refund_due = 'manager' WHERE refund_due = 'automatic';
DROP TABLE outbox;
ALTER TABLE outbox_with_refunds RENAME TO outbox;

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
