-- Who works here. Nobody is ever deleted: the ledger names them.
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

CREATE TRIGGER people_stay BEFORE DELETE ON people
BEGIN SELECT RAISE(ABORT, 'A person is disabled, never deleted.'); END;

-- Wrong PINs in a row, of a name or from an address, by the hash of it: also of names that nobody has.
CREATE TABLE attempts (
  key TEXT PRIMARY KEY,
  failures INTEGER NOT NULL,
  last_at_ms INTEGER NOT NULL,
  locked_until_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX attempts_by_age ON attempts (last_at_ms);

-- Sessions of people, each on one device, and their one-time refresh tokens by hash.
CREATE TABLE sign_ins (
  session_id TEXT PRIMARY KEY,
  person_id TEXT NOT NULL REFERENCES people (person_id),
  device_hash TEXT NOT NULL,
  created_at_ms INTEGER NOT NULL,
  until_ms INTEGER NOT NULL,
  locked_at_ms INTEGER,
  ended_at_ms INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX sign_ins_of_person ON sign_ins (person_id) WHERE ended_at_ms IS NULL;

CREATE TABLE refresh_tokens (
  token_hash TEXT PRIMARY KEY,
  session_id TEXT NOT NULL REFERENCES sign_ins (session_id),
  used_at_ms INTEGER,
  until_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX refresh_tokens_by_age ON refresh_tokens (until_ms);

-- What the shop has decided.
CREATE TABLE policy (
  only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
  lock_after_minutes INTEGER NOT NULL CHECK (lock_after_minutes >= 0),
  refund_approval_above_fen INTEGER NOT NULL CHECK (refund_approval_above_fen >= 0)
) STRICT;

INSERT INTO policy VALUES (1, 5, 20000);
