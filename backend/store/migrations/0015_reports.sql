-- Who began the charge: `person:ID` or `integrator:NAME`; null where nobody was signed in, or it is not known.
ALTER TABLE trades ADD COLUMN charged_by TEXT;
-- When the code was obtained: from then on the customer could see it.
ALTER TABLE trades ADD COLUMN code_at_ms INTEGER;

-- As the ledger has it. Led by the events: most old trades have none that says more.
UPDATE trades SET charged_by = told.charged_by FROM (
  SELECT data ->> 'chargeId' AS charge_id, actor || ':' || actor_id AS charged_by FROM events
  WHERE type = 'charge.started' AND actor_id IS NOT NULL) AS told
WHERE told.charge_id = trades.charge_id;
UPDATE trades SET code_at_ms = told.at_ms FROM (
  SELECT trade_no, min(at_ms) AS at_ms FROM events
  WHERE type = 'trade.changed' AND to_state = 'awaiting_payment' GROUP BY trade_no) AS told
WHERE told.trade_no = trades.trade_no;

-- A report reads these indexes and no row: all that it adds up is in them. They do what they did before as well.
DROP INDEX trades_paid;
CREATE INDEX trades_paid ON trades (paid_at_ms, channel, charged_by, amount_fen, code_at_ms, late, surplus)
  WHERE state = 'paid';
DROP INDEX refunds_succeeded;
CREATE INDEX refunds_succeeded ON refunds (succeeded_at_ms, channel, amount_fen) WHERE state = 'succeeded';
-- The history of one cashier.
CREATE INDEX trades_of_cashier ON trades (charged_by, created_at_ms DESC, trade_no DESC)
  WHERE charged_by IS NOT NULL;
-- A refund is looked for by the end of its number, as a trade is.
CREATE INDEX refunds_end ON refunds (substr(refund_no, -4));
