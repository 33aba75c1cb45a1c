declare module 'virtual:contract-routes' {
  import type { AnyContractRouter } from '@orpc/contract';

  const routes: AnyContractRouter;
  export default routes;
}

interface Window {
  /** Put there by Electron's preload; absent in a browser. */
  readonly mianfu?: {
    readonly transport: string;
    readonly version: string;
    readonly platform: string;
  };
}
