import { type ComponentType, lazy } from 'react';
import type { ManagerPage } from './page-names.ts';

/** What fills the content beside the rail. */
export const PAGES: Record<ManagerPage, ComponentType> = {
  bills: lazy(() => import('./bills-page.tsx')),
  people: lazy(() => import('./people-page.tsx')),
  policy: lazy(() => import('./policy-page.tsx')),
  push: lazy(() => import('./push-page.tsx')),
  reports: lazy(() => import('./reports-page.tsx')),
  shifts: lazy(() => import('./shifts-page.tsx')),
  trades: lazy(() => import('./trades-page.tsx')),
};
