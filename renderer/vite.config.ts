import { fileURLToPath } from 'node:url';
import { minifyContractRouter } from '@orpc/contract';
import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';
import { contract } from '../contract/index.ts';

const CONTRACT_MODULE = 'virtual:contract-routes';

/** The contract's routes without its schemas: the window needs to know where to call, not how to validate. */
function contractRoutes(): Plugin {
  const resolved = `\0${CONTRACT_MODULE}`;
  return {
    name: 'contract-routes',
    resolveId: (id) => (id === CONTRACT_MODULE ? resolved : undefined),
    load: (id) =>
      id === resolved ? `export default ${JSON.stringify(minifyContractRouter(contract))}` : undefined,
  };
}

export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  // Relative, so that the same files work at a loopback address and under app://mianfu/.
  base: './',
  plugins: [react(), contractRoutes()],
  build: {
    outDir: fileURLToPath(new URL('../dist/renderer', import.meta.url)),
    emptyOutDir: true,
    target: 'chrome130',
    // Inlined scripts and fonts would need a laxer content security policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    manifest: true,
  },
});
