-- When a person last did something in a session: left alone too long it is locked. Sessions from before ask for the PIN once.
ALTER TABLE sign_ins ADD COLUMN seen_at_ms INTEGER NOT NULL DEFAULT 0;

-- What the settings said when the ledger was last told of them, as JSON.
ALTER TABLE till ADD COLUMN settings TEXT;
