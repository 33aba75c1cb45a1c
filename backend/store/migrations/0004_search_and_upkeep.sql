-- What the keeper of the file must know over a restart.
CREATE TABLE upkeep (
  only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
  -- The last time that the whole file was found sound.
  checked_at_ms INTEGER
) STRICT;

INSERT INTO upkeep (only_row) VALUES (1);

-- After a restore: trades whose wallet has not answered since. While there is one, nothing new is charged.
CREATE TABLE restored_trades (
  trade_no TEXT PRIMARY KEY REFERENCES trades (trade_no)
) STRICT, WITHOUT ROWID;

-- Finds subjects and notes by any part of them, and order numbers by their end: see store/search.ts.
CREATE TABLE searched_orders (
  id INTEGER PRIMARY KEY,
  order_no TEXT NOT NULL REFERENCES orders (order_no)
) STRICT;

CREATE VIRTUAL TABLE order_search USING fts5 (
  grams, content = '', columnsize = 0, detail = none, tokenize = 'ascii', prefix = '6'
);

INSERT INTO searched_orders (order_no) SELECT order_no FROM orders ORDER BY created_at_ms, order_no;
INSERT INTO order_search (rowid, grams)
  SELECT id, search_grams(order_no, subject, note) FROM searched_orders JOIN orders USING (order_no);

CREATE INDEX orders_of_amount ON orders (amount_fen, created_at_ms DESC);
CREATE INDEX trades_of_order ON trades (order_no);
CREATE INDEX trades_of_amount ON trades (amount_fen, created_at_ms DESC);
CREATE INDEX trades_by_state ON trades (state, created_at_ms DESC, trade_no DESC);
-- The end of a number is what people read out.
CREATE INDEX trades_end ON trades (substr(trade_no, -4));
CREATE INDEX trades_provider_no ON trades (provider_trade_no) WHERE provider_trade_no IS NOT NULL;
CREATE INDEX trades_provider_end ON trades (substr(provider_trade_no, -4)) WHERE provider_trade_no IS NOT NULL;
