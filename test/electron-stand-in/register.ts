import { registerHooks } from 'node:module';

/** Loaded before the app's main script: `electron` is then the stand-in, for import and require alike. */
const standIn = new URL('./electron.ts', import.meta.url).href;

registerHooks({
  resolve: (specifier, context, next) =>
    specifier === 'electron'
      ? { url: standIn, format: 'module-typescript', shortCircuit: true }
      : next(specifier, context),
});
