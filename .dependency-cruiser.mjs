// Which room may know which. Imports point down; a test plants a violation to prove that this can fail.

/** Rooms of core, from the bottom up: each may import what stands before it, and nothing after. */
const CORE = ['source', 'yaml', 'kubernetes', 'ambient', 'policy', 'findings', 'fixes']

const upward = CORE.slice(0, -1).map((room, index) => ({
  name: `core-${room}-looks-down`,
  comment: 'Inside core, imports point down: source, yaml, kubernetes, ambient, policy, findings, fixes.',
  severity: 'error',
  from: { path: `^src/core/${room}/` },
  to: { path: `^src/core/(${CORE.slice(index + 1).join('|')})/` },
}))

/** Outside core: what each room may import besides itself and packages. */
const ROOMS = {
  'exec.ts': [],
  git: ['exec.ts', 'core/source'],
  manifests: ['exec.ts', 'core', 'git/tree.ts', 'git/trees'],
  remote: ['core', 'git', 'manifests/unit.ts'],
  examine: ['core', 'manifests', 'git'],
  threads: ['core', 'examine', 'manifests', 'remote', 'git'],
  words: ['core', 'examine/report.ts'],
  github: ['core', 'examine/report.ts', 'words', 'git', 'ops'],
  ops: ['core'],
  jobs: ['core', 'examine', 'threads', 'git', 'words', 'github', 'ops'],
  cli: ['core', 'examine', 'manifests', 'remote', 'git', 'words', 'app.ts', 'once.ts', 'ops'],
}

const walls = Object.entries(ROOMS).map(([room, allowed]) => ({
  name: `${room.replace('.ts', '')}-knows-its-neighbours`,
  comment: `src/${room} may import: itself, ${allowed.join(', ') || 'nothing of ours'}.`,
  severity: 'error',
  from: { path: room.endsWith('.ts') ? `^src/${room}$` : `^src/${room}/` },
  to: {
    path: '^src/',
    pathNot: [room, ...allowed].map((name) => (name.endsWith('.ts') ? `^src/${name}$` : `^src/${name}/`)),
  },
}))

export default {
  forbidden: [
    ...upward,
    ...walls,
    {
      name: 'renderers-know-no-other',
      comment: 'A renderer returns units; who renders them is not its business.',
      severity: 'error',
      from: { path: '^src/manifests/renderers/([^/]+)/' },
      to: {
        path: '^src/manifests/renderers/[^/]+/render[^/]*\\.ts$',
        pathNot: '^src/manifests/renderers/$1/',
      },
    },
    {
      name: 'core-is-pure',
      comment: 'Core knows no file system, network or process: everything it needs is an argument.',
      severity: 'error',
      from: { path: '^src/(core|words)/' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'core-stands-alone',
      comment: 'Core imports nothing of ours but core.',
      severity: 'error',
      from: { path: '^src/core/' },
      to: { path: '^src/', pathNot: '^src/core/' },
    },
    {
      name: 'one-child-process',
      comment: 'Only src/exec.ts starts other programs.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/exec.ts$' },
      to: { path: '^(node:)?child_process$' },
    },
    {
      name: 'one-user-of-octokit',
      comment: 'Only src/github/api speaks to GitHub, and app.ts sets it up.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(github/api/|app.ts$)' },
      to: { path: 'node_modules/(@octokit|probot)', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'no-circles',
      comment: 'Modules that need each other are one module.',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
}
