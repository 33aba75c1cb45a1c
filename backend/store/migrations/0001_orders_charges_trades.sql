-- Who this till is, and the high-water mark of the numbers that it has given out.
CREATE TABLE till (
  only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
  till_id TEXT NOT NULL,
  -- Play money and real money never share a file.
  mode TEXT NOT NULL CHECK (mode IN ('sandbox', 'live')),
  created_at_ms INTEGER NOT NULL,
  number_second INTEGER NOT NULL DEFAULT 0,
  number_count INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE orders (
  order_no TEXT PRIMARY KEY,
  amount_fen INTEGER NOT NULL CHECK (amount_fen > 0),
  subject TEXT NOT NULL,
  note TEXT,
  state TEXT NOT NULL CHECK (state IN ('open', 'paid', 'cancelled')),
  source TEXT NOT NULL CHECK (source IN ('till', 'integrator')),
  created_at_ms INTEGER NOT NULL,
  paid_at_ms INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX orders_newest ON orders (created_at_ms DESC, order_no DESC);
CREATE INDEX orders_to_collect ON orders (created_at_ms DESC, order_no DESC)
  WHERE state = 'open' AND source = 'integrator';

CREATE TABLE charges (
  charge_id TEXT PRIMARY KEY,
  order_no TEXT NOT NULL REFERENCES orders (order_no),
  created_at_ms INTEGER NOT NULL,
  expires_at_ms INTEGER NOT NULL,
  -- Set once no trade of it can be paid any more.
  ended_at_ms INTEGER
) STRICT, WITHOUT ROWID;

-- An order has at most one live charge.
CREATE UNIQUE INDEX charges_one_live ON charges (order_no) WHERE ended_at_ms IS NULL;
CREATE INDEX charges_of_order ON charges (order_no, created_at_ms);

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
  unknown_since_ms INTEGER,
  CHECK ((state = 'paid') = (paid_at_ms IS NOT NULL)),
  CHECK ((unknown_asking IS NULL) = (unknown_since_ms IS NULL))
) STRICT, WITHOUT ROWID;

-- A charge has at most one live trade per channel.
CREATE UNIQUE INDEX trades_one_live ON trades (charge_id, channel)
  WHERE state IN ('created', 'awaiting_payment', 'paying', 'closing');
CREATE INDEX trades_of_charge ON trades (charge_id, channel);
CREATE INDEX trades_newest ON trades (created_at_ms DESC, trade_no DESC);
CREATE INDEX trades_paid ON trades (paid_at_ms) WHERE state = 'paid';
CREATE INDEX trades_paid_of_order ON trades (order_no) WHERE state = 'paid';

-- What happened, in the order in which it was committed. Never changed, never deleted.
CREATE TABLE events (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  at_ms INTEGER NOT NULL,
  type TEXT NOT NULL,
  order_no TEXT NOT NULL,
  trade_no TEXT,
  from_state TEXT,
  to_state TEXT,
  what TEXT
) STRICT;

CREATE INDEX events_of_trade ON events (trade_no, seq) WHERE trade_no IS NOT NULL;

-- What was said to a wallet about a trade and what it answered: the evidence, and the trail for support.
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
) STRICT;

CREATE INDEX exchanges_of_trade ON exchanges (trade_no, id);

-- Browser windows that came in through a one-time link. Only a hash of the cookie is kept.
CREATE TABLE sessions (
  token_hash TEXT PRIMARY KEY,
  created_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
