import type { Right } from '../../contract/people.ts';

/** The pages of the manager's area, in the order of the rail; their words are `manager.page.{name}`. */
export const MANAGER_PAGES = ['trades', 'reports', 'shifts', 'bills', 'people', 'push', 'policy'] as const;
export type ManagerPage = (typeof MANAGER_PAGES)[number];

/** The right without which a page is not in the rail. */
export const PAGE_NEEDS: Record<ManagerPage, Right> = {
  trades: 'look',
  reports: 'report',
  shifts: 'work_shift',
  bills: 'close_day',
  people: 'manage_people',
  push: 'set_up',
  policy: 'set_up',
};
