import { ATTENTION } from './scenes/attention.ts';
import { BILLS } from './scenes/bills.ts';
import { CHARGING } from './scenes/charging.ts';
import { LISTS } from './scenes/lists.ts';
import { PEOPLE } from './scenes/people.ts';
import { PUSH } from './scenes/push.ts';
import { REFUNDS } from './scenes/refunds.ts';
import { REPORTS } from './scenes/reports.ts';
import type { Scene } from './scenes/scene.ts';
import { SHIFTS } from './scenes/shifts.ts';
import { TROUBLE } from './scenes/trouble.ts';

/** Every state of the window, each with the backend that leads to it. */
export const SCENES: Scene[] = [
  ...CHARGING,
  ...TROUBLE,
  ...LISTS,
  ...ATTENTION,
  ...REFUNDS,
  ...REPORTS,
  ...SHIFTS,
  ...BILLS,
  ...PUSH,
  ...PEOPLE,
];

export function scene(name: string): Scene {
  const found = SCENES.find((each) => each.name === name);
  if (!found) throw new Error(`There is no scene ${name}.`);
  return found;
}
