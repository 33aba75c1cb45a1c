-- The queue for each order's lock, of several processes on one folder. The first ticket of an order holds it.
CREATE TABLE leases (
  ticket INTEGER PRIMARY KEY AUTOINCREMENT,
  order_no TEXT NOT NULL,
  holder TEXT NOT NULL,
  held INTEGER NOT NULL CHECK (held IN (0, 1)),
  -- A lease, or a place in the queue, that is not prolonged by then is given up.
  until_ms INTEGER NOT NULL
) STRICT;

CREATE INDEX leases_of_order ON leases (order_no, ticket);

-- The greatest fencing token under which an order was written: an older holder is refused.
CREATE TABLE fences (
  order_no TEXT PRIMARY KEY,
  token INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- How far other tills have been told of ended charges; no row until they are told for the first time.
CREATE TABLE claims_told (
  only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
  seq INTEGER NOT NULL
) STRICT;
