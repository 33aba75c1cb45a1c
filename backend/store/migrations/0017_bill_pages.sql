-- Lines of a bill that need nobody are kept a page at a time, and their numbers beside them: a row and three
-- entries of an index for each line took four fifths of the time of reading a bill.
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

-- What is on a bill, by number, whatever became of the line: what is not among it is missing there.
CREATE TABLE bill_numbers (
  bill_id INTEGER NOT NULL REFERENCES bills (bill_id),
  -- Of a payment our number; of a refund the trade's, a stroke, and its own; behind a # the wallet's number of a
  -- payment that is not this till's, which is all that a bill of movements has.
  number TEXT NOT NULL,
  PRIMARY KEY (bill_id, number)
) STRICT, WITHOUT ROWID;

INSERT OR IGNORE INTO bill_numbers (bill_id, number)
SELECT bill_id, iif(kind = 'payment', trade_no, trade_no || '/' || refund_no) FROM bill_lines
WHERE class <> 'missing_there' AND trade_no IS NOT NULL
  AND (kind = 'payment' OR (kind = 'refund' AND refund_no IS NOT NULL));

-- The same lines, with withdrawals, and with what a wallet says of a refund.
CREATE TABLE bill_lines_with_refunds (
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
INSERT INTO bill_lines_with_refunds SELECT bill_id, line, kind, class, why, trade_no, provider_trade_no, refund_no,
  amount_fen, here_fen, fee_milli_fen, at_ms, status, said, resolution, reason FROM bill_lines;
DROP TABLE bill_lines;
ALTER TABLE bill_lines_with_refunds RENAME TO bill_lines;

CREATE INDEX bill_lines_of_class ON bill_lines (bill_id, class, line);
CREATE INDEX bill_lines_of_trade ON bill_lines (trade_no, bill_id) WHERE trade_no IS NOT NULL;
CREATE INDEX bill_lines_open ON bill_lines (bill_id, line)
  WHERE resolution IS NULL
    AND class IN ('missing_here', 'missing_there', 'amount_differs', 'refund_differs', 'unlisted');

-- A bill of movements names refunds by the wallet's number.
CREATE INDEX refunds_provider_no ON refunds (provider_refund_no) WHERE provider_refund_no IS NOT NULL;
