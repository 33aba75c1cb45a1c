-- The relay at which this till is enrolled; no row while it is at none. The private key is not kept here.
CREATE TABLE relay (
  only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
  -- The address that a person gave.
  url TEXT NOT NULL,
  -- The till's name there, and the relay's own: what the till signs when it connects.
  till_name TEXT NOT NULL,
  relay_name TEXT NOT NULL,
  push_url TEXT NOT NULL,
  -- What wallets are told, with {channel} to be replaced.
  notify_url TEXT NOT NULL,
  -- Ed25519, 32 bytes in base64url.
  public_key TEXT NOT NULL,
  enrolled_at_ms INTEGER NOT NULL,
  -- Up to here every delivery is committed or rejected; both null before the first.
  epoch TEXT,
  seq INTEGER,
  CHECK ((epoch IS NULL) = (seq IS NULL))
) STRICT;
