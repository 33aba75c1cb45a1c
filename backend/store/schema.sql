CREATE TABLE attempts (
  key TEXT PRIMARY KEY,
  failures INTEGER NOT NULL,
  last_at_ms INTEGER NOT NULL,
  locked_until_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX attempts_by_age ON attempts (last_at_ms);

CREATE TABLE "bill_lines" (
  bill_id INTEGER NOT NULL REFERENCES bills (bill_id),
  -- The row in the file; what is here alone comes after the last.
  line INTEGER NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('payment', 'refund', 'fee', 'withdrawal', 'other')),
  class TEXT NOT NULL CHECK (class IN ('matched', 'fee', 'other_till', 'withdrawal', 'missing_here',
    'missing_there', 'amount_differs', 'refund_differs', 'unlisted')),
  why TEXT,
  trade_no TEXT,
  provider_trade_no TEXT,
  refund_no TEXT,
  amount_fen INTEGER,
  here_fen INTEGER,
  fee_milli_fen INTEGER NOT NULL DEFAULT 0,
  at_ms INTEGER,
  status TEXT NOT NULL,
  said TEXT CHECK (said IN ('paid', 'not_paid', 'refunded', 'not_refunded', 'contradicts')),
  resolution TEXT CHECK (resolution IN ('settled', 'by_person')),
  reason TEXT,
  PRIMARY KEY (bill_id, line),
  CHECK ((resolution = 'by_person') = (reason IS NOT NULL))
) STRICT, WITHOUT ROWID;

CREATE INDEX bill_lines_of_class ON bill_lines (bill_id, class, line);

CREATE INDEX bill_lines_of_trade ON bill_lines (trade_no, bill_id) WHERE trade_no IS NOT NULL;

CREATE INDEX bill_lines_open ON bill_lines (bill_id, line)
  WHERE resolution IS NULL
    AND class IN ('missing_here', 'missing_there', 'amount_differs', 'refund_differs', 'unlisted');

CREATE TABLE bill_numbers (
  bill_id INTEGER NOT NULL REFERENCES bills (bill_id),
  -- Of a payment our number; of a refund the trade's, a stroke, and its own; behind a # the wallet's number of a
  -- payment that is not this till's, which is all that a bill of movements has.
  number TEXT NOT NULL,
  PRIMARY KEY (bill_id, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE bill_pages (
  page_id INTEGER PRIMARY KEY,
  bill_id INTEGER NOT NULL REFERENCES bills (bill_id),
  class TEXT NOT NULL CHECK (class IN ('matched', 'fee', 'other_till', 'withdrawal')),
  first_line INTEGER NOT NULL,
  last_line INTEGER NOT NULL CHECK (last_line >= first_line),
  count INTEGER NOT NULL CHECK (count > 0),
  paid_fen INTEGER NOT NULL,
  refunded_fen INTEGER NOT NULL,
  fee_milli_fen INTEGER NOT NULL,
  -- JSON: an array of cells a line.
  lines TEXT NOT NULL,
  UNIQUE (bill_id, class, last_line)
) STRICT;

CREATE TABLE bills (
  bill_id INTEGER PRIMARY KEY AUTOINCREMENT,
  channel TEXT NOT NULL,
  day TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('trade', 'fund_flow')),
  source TEXT NOT NULL CHECK (source IN ('wallet', 'file')),
  file_name TEXT,
  state TEXT NOT NULL CHECK (state IN ('running', 'asking', 'done', 'failed')),
  fault TEXT,
  lines INTEGER NOT NULL DEFAULT 0,
  begun_at_ms INTEGER NOT NULL,
  -- The last sign of life of whoever reads it.
  touched_at_ms INTEGER NOT NULL,
  ended_at_ms INTEGER,
  CHECK ((state = 'failed') = (fault IS NOT NULL))
) STRICT;

CREATE INDEX bills_of_day ON bills (day DESC, bill_id DESC);

CREATE INDEX bills_unfinished ON bills (bill_id) WHERE state IN ('running', 'asking');

CREATE TABLE charges (
  charge_id TEXT PRIMARY KEY,
  order_no TEXT NOT NULL REFERENCES orders (order_no),
  created_at_ms INTEGER NOT NULL,
  expires_at_ms INTEGER NOT NULL,
  -- Set once no trade of it can be paid any more.
  ended_at_ms INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX charges_of_order ON charges (order_no, created_at_ms);

CREATE UNIQUE INDEX charges_one_live ON charges (order_no) WHERE ended_at_ms IS NULL;

CREATE TABLE claims_told (
  only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
  seq INTEGER NOT NULL
) STRICT;

CREATE TRIGGER events_follow BEFORE INSERT ON events
WHEN NEW.seq <= (SELECT coalesce(max(seq), 0) FROM events)
  OR NEW.prev_hash IS NOT coalesce((SELECT hash FROM events ORDER BY seq DESC LIMIT 1), zeroblob(32))
BEGIN
  SELECT raise(ABORT, 'events follow one another');
END;

CREATE TRIGGER events_never_change BEFORE UPDATE ON events
BEGIN
  SELECT raise(ABORT, 'events are never changed');
END;

CREATE TRIGGER events_never_go BEFORE DELETE ON events
BEGIN
  SELECT raise(ABORT, 'events are never deleted');
END;

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

CREATE INDEX events_of_order ON events (order_no, seq) WHERE order_no IS NOT NULL;

CREATE INDEX events_of_refund ON events (refund_no, seq) WHERE refund_no IS NOT NULL;

CREATE TABLE exchanges (
  id INTEGER PRIMARY KEY,
  trade_no TEXT NOT NULL REFERENCES trades (trade_no),
  step TEXT NOT NULL,
  asked_at_ms INTEGER NOT NULL,
  duration_ms INTEGER NOT NULL,
  outcome TEXT NOT NULL,
  http_status INTEGER,
  provider_code TEXT,
  request_id TEXT,
  answer TEXT
, refund_no TEXT, said TEXT, seal TEXT) STRICT;

CREATE INDEX exchanges_of_trade ON exchanges (trade_no, id);

CREATE TABLE fences (
  order_no TEXT PRIMARY KEY,
  token INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE leases (
  ticket INTEGER PRIMARY KEY AUTOINCREMENT,
  order_no TEXT NOT NULL,
  holder TEXT NOT NULL,
  held INTEGER NOT NULL CHECK (held IN (0, 1)),
  -- A lease, or a place in the queue, that is not prolonged by then is given up.
  until_ms INTEGER NOT NULL
) STRICT;

CREATE INDEX leases_of_order ON leases (order_no, ticket);

CREATE VIRTUAL TABLE order_search USING fts5 (
  grams, content = '', columnsize = 0, detail = none, tokenize = 'ascii', prefix = '6'
);

CREATE TABLE 'order_search_config'(k PRIMARY KEY, v) WITHOUT ROWID;

CREATE TABLE 'order_search_data'(id INTEGER PRIMARY KEY, block BLOB);

CREATE TABLE 'order_search_idx'(segid, term, pgno, PRIMARY KEY(segid, term)) WITHOUT ROWID;

CREATE TABLE orders (
  order_no TEXT PRIMARY KEY,
  amount_fen INTEGER NOT NULL CHECK (amount_fen > 0),
  subject TEXT NOT NULL,
  note TEXT,
  state TEXT NOT NULL CHECK (state IN ('open', 'paid', 'cancelled')),
  source TEXT NOT NULL CHECK (source IN ('till', 'integrator')),
  created_at_ms INTEGER NOT NULL,
  paid_at_ms INTEGER
, told INTEGER NOT NULL DEFAULT 0) STRICT, WITHOUT ROWID;

CREATE INDEX orders_newest ON orders (created_at_ms DESC, order_no DESC);

CREATE INDEX orders_of_amount ON orders (amount_fen, created_at_ms DESC);

CREATE INDEX orders_to_collect ON orders (created_at_ms DESC, order_no DESC)
  WHERE state = 'open' AND source = 'integrator';

CREATE TABLE "outbox" (
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

CREATE INDEX outbox_due ON outbox (queue, priority, due_at_ms, entry_id) WHERE state = 'due';

CREATE INDEX outbox_lane ON outbox (lane, entry_id) WHERE state <> 'set_aside';

CREATE INDEX outbox_leased ON outbox (entry_id) WHERE lease_holder IS NOT NULL;

CREATE UNIQUE INDEX outbox_one_decision ON outbox (trade_no) WHERE kind = 'give_back' AND state <> 'set_aside';

CREATE UNIQUE INDEX outbox_one_dialogue ON outbox (trade_no) WHERE kind IN ('open', 'query', 'close', 'cancel');

CREATE UNIQUE INDEX outbox_one_find ON outbox (trade_no, payload) WHERE kind = 'refund_find' AND state <> 'set_aside';

CREATE UNIQUE INDEX outbox_one_refund ON outbox (refund_no) WHERE refund_no IS NOT NULL AND state <> 'set_aside';

CREATE INDEX outbox_parked ON outbox (entry_id) WHERE state = 'parked';

CREATE INDEX outbox_unanswered ON outbox (unanswered_since_ms)
  WHERE unanswered_since_ms IS NOT NULL AND state = 'due';

CREATE TRIGGER people_stay BEFORE DELETE ON people
BEGIN SELECT RAISE(ABORT, 'A person is disabled, never deleted.'); END;

CREATE TABLE people (
  person_id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  -- The name as it is compared: two people of a till never have the same.
  folded_name TEXT NOT NULL,
  role TEXT NOT NULL CHECK (role IN ('owner', 'manager', 'cashier')),
  -- scrypt$N$r$p$salt$hash; null once disabled.
  pin TEXT,
  created_at_ms INTEGER NOT NULL,
  disabled_at_ms INTEGER,
  CHECK ((pin IS NULL) = (disabled_at_ms IS NOT NULL))
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX people_by_name ON people (folded_name) WHERE disabled_at_ms IS NULL;

CREATE TABLE policy (
  only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
  lock_after_minutes INTEGER NOT NULL CHECK (lock_after_minutes >= 0),
  refund_approval_above_fen INTEGER NOT NULL CHECK (refund_approval_above_fen >= 0)
) STRICT;

CREATE TABLE refresh_tokens (
  token_hash TEXT PRIMARY KEY,
  session_id TEXT NOT NULL REFERENCES sign_ins (session_id),
  used_at_ms INTEGER,
  until_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX refresh_tokens_by_age ON refresh_tokens (until_ms);

CREATE TRIGGER refunds_found_stay_unsent BEFORE UPDATE ON refunds
WHEN NEW.origin <> OLD.origin
  OR (NEW.origin <> 'here' AND (NEW.sends > 0 OR NEW.state IN ('queued', 'asked', 'refused', 'withdrawn')))
BEGIN
  SELECT RAISE(ABORT, 'a refund that was found is not sent');
END;

CREATE TRIGGER refunds_found_unsent BEFORE INSERT ON refunds
WHEN NEW.origin <> 'here' AND NEW.state IN ('queued', 'asked', 'refused', 'withdrawn')
BEGIN
  SELECT RAISE(ABORT, 'a refund that was found is not sent');
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
  set_aside_reason TEXT, origin TEXT NOT NULL DEFAULT 'here' CHECK (origin IN ('here', 'lost', 'elsewhere')),
  CHECK ((state = 'succeeded') = (succeeded_at_ms IS NOT NULL)),
  CHECK ((set_aside_at_ms IS NULL) = (set_aside_reason IS NULL))
) STRICT, WITHOUT ROWID;

CREATE INDEX refunds_by_state ON refunds (state, requested_at_ms DESC, refund_no DESC);

CREATE INDEX refunds_end ON refunds (substr(refund_no, -4));

CREATE INDEX refunds_newest ON refunds (requested_at_ms DESC, refund_no DESC);

CREATE INDEX refunds_of_trade ON refunds (trade_no, requested_at_ms);

CREATE INDEX refunds_provider_no ON refunds (provider_refund_no) WHERE provider_refund_no IS NOT NULL;

CREATE INDEX refunds_succeeded ON refunds (succeeded_at_ms, channel, amount_fen) WHERE state = 'succeeded';

CREATE TABLE relay (
  only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
  -- The address that a person gave.
  url TEXT NOT NULL,
  -- The till's name there, and the relay's own: what the till signs when it connects.
  till_name TEXT NOT NULL,
  relay_name TEXT NOT NULL,
  push_url TEXT NOT NULL,
  -- What wallets are told, with {channel} to be replaced.
  notify_url TEXT NOT NULL,
  -- Ed25519, 32 bytes in base64url.
  public_key TEXT NOT NULL,
  enrolled_at_ms INTEGER NOT NULL,
  -- Up to here every delivery is committed or rejected; both null before the first.
  epoch TEXT,
  seq INTEGER,
  CHECK ((epoch IS NULL) = (seq IS NULL))
) STRICT;

CREATE TABLE restored_trades (
  trade_no TEXT PRIMARY KEY REFERENCES trades (trade_no)
) STRICT, WITHOUT ROWID;

CREATE TABLE searched_orders (
  id INTEGER PRIMARY KEY,
  order_no TEXT NOT NULL REFERENCES orders (order_no)
) STRICT;

CREATE TABLE sessions (
  token_hash TEXT PRIMARY KEY,
  created_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

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

CREATE TABLE sign_ins (
  session_id TEXT PRIMARY KEY,
  person_id TEXT NOT NULL REFERENCES people (person_id),
  device_hash TEXT NOT NULL,
  created_at_ms INTEGER NOT NULL,
  until_ms INTEGER NOT NULL,
  locked_at_ms INTEGER,
  ended_at_ms INTEGER
, seen_at_ms INTEGER NOT NULL DEFAULT 0) STRICT, WITHOUT ROWID;

CREATE INDEX sign_ins_of_person ON sign_ins (person_id) WHERE ended_at_ms IS NULL;

CREATE TABLE till (
  only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
  till_id TEXT NOT NULL,
  -- Play money and real money never share a file.
  mode TEXT NOT NULL CHECK (mode IN ('sandbox', 'live')),
  created_at_ms INTEGER NOT NULL,
  number_second INTEGER NOT NULL DEFAULT 0,
  number_count INTEGER NOT NULL DEFAULT 0
, settings TEXT) STRICT;

CREATE TABLE trades (
  trade_no TEXT PRIMARY KEY CHECK (length(trade_no) BETWEEN 6 AND 32),
  order_no TEXT NOT NULL REFERENCES orders (order_no),
  charge_id TEXT NOT NULL REFERENCES charges (charge_id),
  channel TEXT NOT NULL,
  state TEXT NOT NULL
    CHECK (state IN ('created', 'awaiting_payment', 'paying', 'closing', 'paid', 'closed', 'failed')),
  amount_fen INTEGER NOT NULL CHECK (amount_fen > 0),
  subject TEXT NOT NULL,
  created_at_ms INTEGER NOT NULL,
  expires_at_ms INTEGER NOT NULL,
  code_url TEXT,
  provider_trade_no TEXT,
  payer TEXT,
  paid_at_ms INTEGER,
  closed_at_ms INTEGER,
  payable_until_ms INTEGER,
  late INTEGER NOT NULL DEFAULT 0 CHECK (late IN (0, 1)),
  surplus INTEGER NOT NULL DEFAULT 0 CHECK (surplus IN (0, 1)),
  incident TEXT CHECK (incident IN ('amount_mismatch', 'merchant_mismatch')),
  refusal_reason TEXT,
  refusal_code TEXT,
  refusal_message TEXT,
  unknown_asking TEXT CHECK (unknown_asking IN ('create', 'query', 'close')),
  unknown_since_ms INTEGER, refund_due TEXT CHECK (refund_due IN ('automatic', 'manager')), set_aside_at_ms INTEGER, set_aside_reason TEXT, charged_by TEXT, code_at_ms INTEGER,
  CHECK ((state = 'paid') = (paid_at_ms IS NOT NULL)),
  CHECK ((unknown_asking IS NULL) = (unknown_since_ms IS NULL))
) STRICT, WITHOUT ROWID;

CREATE INDEX trades_by_state ON trades (state, created_at_ms DESC, trade_no DESC);

CREATE INDEX trades_deadline ON trades (expires_at_ms)
  WHERE state IN ('created', 'awaiting_payment', 'paying') AND set_aside_at_ms IS NULL;

CREATE INDEX trades_end ON trades (substr(trade_no, -4));

CREATE INDEX trades_newest ON trades (created_at_ms DESC, trade_no DESC);

CREATE INDEX trades_of_amount ON trades (amount_fen, created_at_ms DESC);

CREATE INDEX trades_of_cashier ON trades (charged_by, created_at_ms DESC, trade_no DESC)
  WHERE charged_by IS NOT NULL;

CREATE INDEX trades_of_charge ON trades (charge_id, channel);

CREATE INDEX trades_of_order ON trades (order_no);

CREATE UNIQUE INDEX trades_one_live ON trades (charge_id, channel)
  WHERE state IN ('created', 'awaiting_payment', 'paying', 'closing');

CREATE INDEX trades_paid ON trades (paid_at_ms, channel, charged_by, amount_fen, code_at_ms, late, surplus)
  WHERE state = 'paid';

CREATE INDEX trades_provider_end ON trades (substr(provider_trade_no, -4)) WHERE provider_trade_no IS NOT NULL;

CREATE INDEX trades_provider_no ON trades (provider_trade_no) WHERE provider_trade_no IS NOT NULL;

CREATE TABLE upkeep (
  only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
  -- The last time that the whole file was found sound.
  checked_at_ms INTEGER
, searched_to INTEGER NOT NULL DEFAULT 0) STRICT;
