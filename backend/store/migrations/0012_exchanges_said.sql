-- What was sent to the wallet, and how its answer was signed, as JSON; payer data masked, no keys.
ALTER TABLE exchanges ADD COLUMN said TEXT;
ALTER TABLE exchanges ADD COLUMN seal TEXT;
