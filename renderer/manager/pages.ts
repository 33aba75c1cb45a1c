import { type ComponentType, lazy } from 'react';
import type { ManagerPage } from './page-names.ts';

/** What fills the content beside the rail. */
export const PAGES: Record<ManagerPage, ComponentType> = {
  trades: lazy(() => import('./trades-page.tsx')),
};
