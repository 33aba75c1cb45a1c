-- An order has few trades: those that are paid are found among them.
DROP INDEX trades_paid_of_order;
