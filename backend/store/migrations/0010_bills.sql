-- The wallets' bills, each line with what it means to this till. One bill of a wallet, day and kind is kept.
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

CREATE TABLE bill_lines (
  bill_id INTEGER NOT NULL REFERENCES bills (bill_id),
  -- The row in the file; what is here alone comes after the last.
  line INTEGER NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('payment', 'refund', 'fee', 'other')),
  class TEXT NOT NULL CHECK (class IN ('matched', 'fee', 'other_till', 'missing_here', 'missing_there',
    'amount_differs', 'refund_differs', 'unlisted')),
  why TEXT,
  trade_no TEXT,
  provider_trade_no TEXT,
  refund_no TEXT,
  amount_fen INTEGER,
  here_fen INTEGER,
  fee_milli_fen INTEGER NOT NULL DEFAULT 0,
  at_ms INTEGER,
  status TEXT NOT NULL,
  said TEXT CHECK (said IN ('paid', 'not_paid', 'contradicts')),
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
