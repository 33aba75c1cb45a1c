/**
 * The end of the event loop's turn as a port: `task` runs once everything that has arrived by now has been
 * read. Work of one turn can so share one commit.
 */
export type EndOfTurn = (task: () => void) => void;

export const systemEndOfTurn: EndOfTurn = (task) => {
  setImmediate(task);
};
