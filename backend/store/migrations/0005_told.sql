-- How many messages about the order were written for the shop's systems: the version of the last one.
ALTER TABLE orders ADD COLUMN told INTEGER NOT NULL DEFAULT 0;
