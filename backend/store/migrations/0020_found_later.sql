-- Orders up to here are in the index of words; those after it wait in searched_orders: see store/search.ts.
ALTER TABLE upkeep ADD COLUMN searched_to INTEGER NOT NULL DEFAULT 0;

UPDATE upkeep SET searched_to = (SELECT coalesce(max(id), 0) FROM searched_orders);
