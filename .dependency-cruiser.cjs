/**
 * Who may import whom, as an allow-list: an arrow that is not here fails, and so does a folder that is
 * not here. Arrows run down only (docs/architecture.md). Types count as imports.
 *
 * @type {import('dependency-cruiser').IConfiguration}
 */
const ARROWS = {
  contract: [],
  ports: [],
  wire: [],
  'backend/domain': ['contract'],
  'backend/locks': ['backend/domain', 'ports', 'contract'],
  'backend/store': ['backend/domain', 'contract', 'ports'],
  'backend/providers': ['backend/domain', 'wire', 'ports', 'contract'],
  'backend/services': [
    'backend/domain',
    'backend/store',
    'backend/providers',
    'backend/locks',
    'contract',
    'ports',
  ],
  'backend/relay': ['backend/domain', 'backend/store', 'backend/services', 'wire', 'contract', 'ports'],
  'backend/people': [
    'backend/domain',
    'backend/store',
    'backend/locks',
    'backend/services',
    'contract',
    'ports',
  ],
  'backend/http': ['backend', 'backend/people', 'backend/domain', 'backend/store', 'contract', 'ports'],
  backend: [
    'backend/domain',
    'backend/store',
    'backend/providers',
    'backend/locks',
    'backend/services',
    'backend/relay',
    'backend/people',
    'backend/http',
    'contract',
    'wire',
    'ports',
    'package.json',
  ],
  sandbox: ['wire', 'backend/domain', 'ports', 'contract', 'package.json'],
  relay: ['wire', 'ports'],
  renderer: ['contract'],
  main: ['contract', 'backend', 'sandbox', 'ports', 'package.json'],
  scripts: ['main', 'backend', 'contract', 'ports', 'package.json'],
  bench: ['backend', 'sandbox', 'relay', 'wire', 'contract', 'ports', 'test', 'scripts', 'package.json'],
  test: ['backend', 'sandbox', 'relay', 'wire', 'contract', 'ports', 'main', 'scripts', 'package.json'],
};

/** Top-level files that configure tools. */
const TOOL_FILES = '^[^/]+\\.(c?ts|c?js|mjs|json)$';
/** Tests stand beside the code and may also use what tests share, and the sandbox as the other side. */
const TESTS = '\\.test\\.tsx?$|(^|/)test-[^/]+\\.ts$';

const inFolder = (folder) => {
  if (folder === 'package.json') return '^package\\.json$';
  // `backend` alone means the files directly in it: its folders have rows of their own.
  return folder === 'backend' ? '^backend/[^/]+$' : `^${folder}/`;
};
const anyOf = (patterns) => patterns.join('|');
/** For folders outside the backend, and for tests, `backend` means all of it. */
const wholeBackend = (folder) => (folder === 'backend' ? '^backend/' : inFolder(folder));

module.exports = {
  forbidden: [
    { name: 'no-cycle', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'no-unresolved',
      severity: 'error',
      from: {},
      // Made while the screens are built (renderer/vite.config.ts).
      to: { couldNotResolve: true, pathNot: '^virtual:' },
    },
    {
      name: 'contract-and-domain-run-anywhere',
      comment: 'No Node, no Electron: these run in a window and in a test as well.',
      severity: 'error',
      from: { path: ['^contract/', '^backend/domain/'], pathNot: TESTS },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'domain-is-pure',
      severity: 'error',
      from: { path: '^backend/domain/', pathNot: TESTS },
      to: { path: 'node_modules' },
    },
    {
      name: 'renderer-knows-no-node',
      severity: 'error',
      from: { path: '^renderer/', pathNot: [TESTS, '^renderer/vite\\.config\\.ts$', '^renderer/test/'] },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'electron-only-in-main',
      severity: 'error',
      from: { pathNot: ['^main/', '^test/'] },
      to: { path: 'node_modules/electron/' },
    },
    {
      name: 'kept-figures-are-for-reports',
      comment: 'Whatever decides about money reads the trades, not what is kept of past hours.',
      severity: 'error',
      from: { pathNot: [TESTS, '^backend/services/reports\\.ts$', '^backend/backend\\.ts$', '^bench/'] },
      to: { path: '^backend/services/kept-hours\\.ts$' },
    },
    {
      name: 'sandbox-and-relay-stand-alone',
      comment: 'The other side of the wire shares money as a type, and none of the till’s rules or memory.',
      severity: 'error',
      from: { path: ['^sandbox/', '^relay/'], pathNot: TESTS },
      to: { path: '^backend/', pathNot: '^backend/domain/' },
    },
  ],
  allowed: [
    // Packages and Node's own modules; the rules above take some of them away again.
    { from: {}, to: { path: 'node_modules' } },
    { from: {}, to: { dependencyTypes: ['core'] } },
    { from: { path: '^renderer/' }, to: { path: '^virtual:' } },
    { from: { path: TOOL_FILES }, to: {} },
    ...Object.entries(ARROWS).map(([from, to]) => ({
      from: { path: inFolder(from) },
      to: {
        path: anyOf([inFolder(from), ...to.map(from.startsWith('backend') ? inFolder : wholeBackend)]),
      },
    })),
    // A test of a part may stand the rest of the till around it.
    {
      from: { path: TESTS },
      to: {
        path: anyOf([
          '^contract/',
          '^ports/',
          '^wire/',
          '^backend/',
          '^sandbox/',
          '^relay/',
          '^main/',
          '^test/',
        ]),
      },
    },
  ],
  allowedSeverity: 'error',
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: ['^dist/', '^docs/', '^coverage/', '^test-results/', '^node_modules/\\.'] },
    moduleSystems: ['es6', 'cjs'],
    parser: 'swc',
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      extensions: ['.ts', '.tsx', '.js', '.cjs', '.mjs', '.json', '.css'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
