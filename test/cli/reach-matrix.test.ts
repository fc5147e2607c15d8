// `reach` without queries: what a person looks at. It must fit, tell its answers apart without colour, and say what
// it leaves out.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Cell, Matrix } from '../../src/core/policy/matrix.ts'
import { NO_PORTS } from '../../src/core/kubernetes/port-set.ts'
import { fold } from '../../src/words/reach-fold.ts'
import { reachMarkdown } from '../../src/words/reach-markdown.ts'
import { reachText } from '../../src/words/reach.ts'
import { lineWidth } from '../../src/cli/output.ts'
import { ambientGuard, folder } from './command.ts'
import { deployment, namespace, policy } from './manifests.ts'

/** web may call api on 8080; nobody may call db or cache; job has no policy. */
const tree = {
  'ns.yaml': `${namespace('shop', false)}---\n${namespace('batch', false)}`,
  'apps.yaml': ['api', 'web', 'db', 'cache'].map((name) => deployment(name, 'shop', 8080)).join('---\n'),
  'job.yaml': deployment('job', 'batch', 8080),
  'np.yaml': [
    policy('api', 'shop', 'web', 8080),
    policy('db', 'shop', 'none', 1),
    policy('cache', 'shop', 'none', 1),
  ].join('---\n'),
}

const print = async (...argv: readonly string[]): Promise<string> => {
  const { code, stdout, stderr } = await ambientGuard('reach', folder(tree), ...argv)
  expect([code, stderr]).toEqual([0, ''])
  return stdout
}

describe('reach without queries', () => {
  it('asks about HBONE, and folds what is alike', async () => {
    // Nobody is admitted on 15008 to api, db and cache; web and job stand open to all five: 10 of 25 pairs.
    expect(await print()).toBe(
      `15008/TCP by policy alone: 10 of 25 pairs are allowed. Rows are destinations,
columns sources.

                           1 2
Deployment/batch/job       ✓ ✓
Deployment/shop/api        · ✗
Deployment/shop/{cache,db} · ·
Deployment/shop/web        ✓ ✓

1  Deployment/batch/job, Deployment/shop/{api,cache,db}
2  Deployment/shop/web

✓ allowed
✗ denied, though another port is open
· denied, and no other port is open
`,
    )
  })

  it('asks about another port, by number or name', async () => {
    const wanted = await print('--port', '8080')
    expect(wanted).toContain('8080/TCP by policy alone: 11 of 25 pairs are allowed.')
    expect((await print('--port', 'http')).replaceAll('http', '8080')).toBe(wanted)
    expect(await print('--port', '53', '--protocol', 'udp')).toContain('53/UDP by policy alone: 10 of 25')
  })

  it('narrows either end to a namespace', async () => {
    const one = await print('--from', 'Namespace/shop', '--to', 'Namespace/shop')
    expect(one).toContain('4 of 16 pairs are allowed')
    expect(one).not.toContain('batch')
  })

  it('lists who reaches one workload, with the ports that are open instead', async () => {
    expect(await print('--to', 'Deployment/shop/api')).toBe(`15008/TCP to Deployment/shop/api, by policy alone

✗ denied, though another port is open
    8080/TCP: Deployment/shop/web

· denied, and no other port is open
    Deployment/batch/job
    Deployment/shop/{api,cache,db}
`)
  })

  it('takes an address for an end, and tells a part of a block from all of it', async () => {
    const files = {
      ...tree,
      'block.yaml': policy('api', 'shop', 'web', 8080)
        .replace('name: api', 'name: block')
        .replace(/podSelector:\n +matchLabels:\n +app: web/, 'ipBlock: {cidr: 192.0.2.0/25}')
        .replace('port: 8080', 'port: 15008'),
    }
    const { stdout } = await ambientGuard('reach', folder(files), '--from', '192.0.2.0/24')
    expect(stdout).toContain('✓ allowed\n    Deployment/batch/job\n    Deployment/shop/web\n')
    expect(stdout).toContain('± only a part of the addresses is allowed\n    Deployment/shop/api\n')
    const { code, stderr } = await ambientGuard(
      'reach',
      folder(files),
      '--from',
      '192.0.2.1',
      '--to',
      '192.0.2.2',
    )
    expect([code, stderr]).toEqual([
      2,
      'ambient-guard: One end must be a workload: no policy governs addresses.\n',
    ])
  })

  it('does not call allowed what it cannot see', async () => {
    const { stdout } = await ambientGuard(
      'reach',
      folder({ ...tree, 'broken.yaml': policy('web', 'shop', 'api', 1).replace('port: 1', 'port: "1"') }),
      '--to',
      'Deployment/shop/web',
    )
    expect(stdout).toContain('? not known')
    expect(stdout).not.toContain('✓')
  })

  it('does not know about pods on the host network that a policy selects', async () => {
    const onHost = deployment('api', 'shop', 8080).replace(
      '    spec:\n',
      '    spec:\n      hostNetwork: true\n',
    )
    const files = { ...tree, 'apps.yaml': [onHost, deployment('web', 'shop', 80)].join('---\n') }
    const { stdout } = await ambientGuard('reach', folder(files), '--to', 'Deployment/shop/api')
    expect(stdout).toContain('? not known')
    expect(stdout).not.toMatch(/[✓✗]/)
  })

  it('refuses an end that is not there', async () => {
    for (const end of ['Deployment/shop/nobody', 'Namespace/none']) {
      const { code, stderr } = await ambientGuard('reach', folder(tree), '--to', end)
      expect(code).toBe(2)
      expect(stderr).toContain(`${end} is no workload and no namespace`)
    }
  })

  it('prints a table for a comment', async () => {
    expect(await print('--format', 'markdown')).toContain(
      '| destination | 1 | 2 |\n| --- | :-: | :-: |\n| Deployment/batch/job | ✓ | ✓ |\n| Deployment/shop/api | · | ✗ |\n',
    )
    expect(await print('--format', 'markdown', '--to', 'Deployment/shop/api')).toContain(
      '#### ✗ denied, though another port is open\n\n- 8080/TCP: Deployment/shop/web',
    )
  })
})

const CELLS: readonly Cell[] = ['allowed', 'denied', 'other-port', 'unknown']

function matrixOf(
  count: number,
  name: (index: number) => string,
  cell: (row: number, column: number) => Cell,
): Matrix {
  const places = Array.from({ length: count }, (_, index) => {
    const space = `space-${String(Math.floor(index / 3)).padStart(4, '0')}`
    return {
      id: `Deployment/${space}/${name(index)}`,
      kind: 'Deployment',
      namespace: space,
      name: name(index),
    }
  })
  return {
    question: { from: null, to: null, port: 15008, protocol: 'TCP' },
    sources: places,
    destinations: places,
    rows: places.map((_, row) => places.map((__, column) => cell(row, column))),
    openPorts: () => NO_PORTS,
  }
}

/** Alike inside a namespace, and no two namespaces alike. */
const noisy = (row: number, column: number): Cell => {
  const [a, b] = [Math.floor(row / 3) + 1, Math.floor(column / 3) + 1]
  const seed = Math.imul(a * 7919 + b, 2654435761)
  return CELLS[(Math.imul(seed ^ (seed >>> 15), 2246822519) >>> 13) % CELLS.length] ?? 'denied'
}

describe('what fits', () => {
  it.each([40, 80, 140])('is no wider than %i characters, whatever there is to say', (width) => {
    for (const name of [
      (index: number): string => `app-${String(index)}`,
      (): string => 'long-'.repeat(30),
    ]) {
      const lines = reachText(matrixOf(300, name, noisy), width, false).split('\n')
      expect(lines.filter((line) => line.length > width)).toEqual([])
      expect(lines.join(' ')).toMatch(/… \d+ more destinations: narrow it with +--to/)
      expect(lines.join(' ')).toMatch(/… \d+ more sources: narrow it with +--from/)
    }
  })

  it('is a table that GitHub takes, whatever workloads are called', () => {
    const text = reachMarkdown(matrixOf(300, (index) => `@a|<b>*\`${'|'.repeat(200)}${String(index)}`, noisy))
    expect(text.length).toBeLessThan(65_536)
    const table = text.split('\n').filter((line) => line.startsWith('|'))
    expect(table).toHaveLength(22)
    for (const row of table) expect(row.replaceAll('\\|', '').match(/\|/g)).toHaveLength(22)
    expect(text).not.toMatch(/@a|<b>/)
  })

  it('says of each pair what is so, or that its group is not alike, and counts the rest', () => {
    const cells = fc.array(fc.constantFrom(...CELLS), { minLength: 81, maxLength: 81 })
    fc.assert(
      fc.property(
        cells,
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 1, max: 12 }),
        (given, rows, columns) => {
          const matrix = matrixOf(9, String, (row, column) => given[row * 9 + column] ?? 'denied')
          const folded = fold(matrix, { rows, columns })
          expect(folded.destinations.length).toBeLessThanOrEqual(rows)
          expect(folded.sources.length).toBeLessThanOrEqual(columns)
          const shown = folded.sources.flatMap(({ places }) => places)
          expect(new Set(shown).size + folded.moreSources).toBe(9)
          for (const [r, { places: destinations }] of folded.destinations.entries()) {
            for (const [c, { places: sources }] of folded.sources.entries()) {
              const inside = new Set(
                destinations.flatMap((to) =>
                  sources.map(
                    (from) => matrix.rows[matrix.destinations.indexOf(to)]?.[matrix.sources.indexOf(from)],
                  ),
                ),
              )
              expect(folded.rows[r]?.[c]).toBe(inside.size === 1 ? [...inside][0] : 'mixed')
            }
          }
        },
      ),
    )
  })

  it('takes the width of COLUMNS before that of the terminal, and 80 without either', () => {
    expect([
      lineWidth('120', 60),
      lineWidth(undefined, 60),
      lineWidth('', undefined),
      lineWidth('x', undefined),
    ]).toEqual([120, 60, 80, 80])
  })
})
