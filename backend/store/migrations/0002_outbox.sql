-- Durable intents: what must still be said to a wallet or to the shop's systems, written in the transaction of
-- the change that needs it. One row carries a trade's whole dialogue; its kind is the next question.
CREATE TABLE outbox (
  entry_id INTEGER PRIMARY KEY AUTOINCREMENT,
  kind TEXT NOT NULL CHECK (kind IN ('open', 'query', 'close', 'cancel', 'refund', 'tell')),
  -- Who is spoken to. What one receiver suffers holds up no other.
  queue TEXT NOT NULL,
  -- Entries of a lane are done one at a time, oldest first.
  lane TEXT NOT NULL,
  order_no TEXT NOT NULL REFERENCES orders (order_no),
  trade_no TEXT REFERENCES trades (trade_no),
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
  CHECK ((lease_holder IS NULL) = (lease_until_ms IS NULL))
) STRICT;

CREATE INDEX outbox_due ON outbox (queue, priority, due_at_ms, entry_id) WHERE state = 'due';
CREATE INDEX outbox_lane ON outbox (lane, entry_id) WHERE state <> 'set_aside';
CREATE INDEX outbox_parked ON outbox (entry_id) WHERE state = 'parked';
CREATE INDEX outbox_leased ON outbox (entry_id) WHERE lease_holder IS NOT NULL;
CREATE INDEX outbox_unanswered ON outbox (unanswered_since_ms)
  WHERE unanswered_since_ms IS NOT NULL AND state = 'due';
CREATE UNIQUE INDEX outbox_one_dialogue ON outbox (trade_no) WHERE kind IN ('open', 'query', 'close', 'cancel');
-- A payment is given back once.
CREATE UNIQUE INDEX outbox_one_refund ON outbox (trade_no) WHERE kind = 'refund';

-- A late or surplus payment that is to be given back, and by whom.
ALTER TABLE trades ADD COLUMN refund_due TEXT CHECK (refund_due IN ('automatic', 'manager'));
-- A person ended the asking about this trade.
ALTER TABLE trades ADD COLUMN set_aside_at_ms INTEGER;
ALTER TABLE trades ADD COLUMN set_aside_reason TEXT;

-- The durable timer of every trade whose code may be shown.
CREATE INDEX trades_deadline ON trades (expires_at_ms)
  WHERE state IN ('created', 'awaiting_payment', 'paying') AND set_aside_at_ms IS NULL;

-- Trades that were unfinished before there was an outbox are looked up.
INSERT INTO outbox (kind, queue, lane, order_no, trade_no, priority, created_at_ms, due_at_ms)
SELECT 'query', channel, trade_no, order_no, trade_no, 1, created_at_ms, created_at_ms FROM trades
WHERE state IN ('created', 'awaiting_payment', 'paying', 'closing')
ORDER BY created_at_ms, trade_no;
