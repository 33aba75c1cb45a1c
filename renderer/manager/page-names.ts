/** The pages of the manager's area, in the order of the rail; their words are `manager.page.{name}`. */
export const MANAGER_PAGES = ['trades', 'shifts', 'bills', 'push'] as const;
export type ManagerPage = (typeof MANAGER_PAGES)[number];
