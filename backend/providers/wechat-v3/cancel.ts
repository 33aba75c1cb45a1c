/** Native orders have no reversal: undoing one is closing it. */
export { close as cancel } from './close.ts';
