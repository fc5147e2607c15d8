// Trees of unusual shapes, each at one size and at twice that: what costs much more than twice as much would one day
// be somebody's hour.
import { DEFAULT_CONFIG } from '../src/core/config.ts'
import { examine } from '../src/examine/examine.ts'
import type { Report } from '../src/examine/report.ts'
import type { Tree } from '../src/git/tree.ts'
import { testWorkshop } from '../test/workshop.ts'
import { fastest, say } from './measure.ts'

type Files = ReadonlyMap<string, string>

/** Each makes about `size` objects. */
const SHAPES: readonly (readonly [string, number, (size: number) => Files])[] = [
  ['documents in one file', 25_000, (size) => new Map([['all.yaml', objects(size).join('---\n')]])],
  [
    'files of one document',
    5_000,
    (size) => new Map(objects(size).map((text, index) => [`${pad(index % 100)}/${pad(index)}.yaml`, text])),
  ],
  ['items of one List', 10_000, (size) => new Map([['list.yaml', list(size)]])],
  [
    'folders with a kustomization',
    1_000,
    (size) =>
      new Map(
        objects(size * 2).flatMap((text, index): [string, string][] => [
          [`${pad(index >> 1)}/${pad(index)}.yaml`, text],
          [`${pad(index >> 1)}/kustomization.yaml`, kustomization(index >> 1)],
        ]),
      ),
  ],
  [
    'charts',
    1_000,
    (size) =>
      new Map(
        objects(size).flatMap((text, index): [string, string][] => [
          [`${pad(index)}/Chart.yaml`, 'name: x\n'],
          [`${pad(index)}/values.yaml`, text],
          [`${pad(index)}/templates/x.yaml`, '{{ .Values.x }}\n'],
        ]),
      ),
  ],
]

export async function shapes(): Promise<void> {
  for (const [name, size, make] of SHAPES) {
    const [small, large] = [make(size), make(2 * size)]
    const [one = NaN, two = NaN] = await fastest(2, [() => check(small), () => check(large)])
    say(`${String(size)} ${name}: ${one.toFixed(0)} ms; twice as many: ${(two / one).toFixed(2)} times`)
  }
}

function check(files: Files): Promise<Report> {
  const tree = inMemory(files)
  return examine({
    base: null,
    head: tree,
    trusted: tree,
    config: DEFAULT_CONFIG,
    configProblems: [],
    proposed: null,
    enroll: [],
    today: '2026-01-01',
    only: null,
    repositories: [],
    workshop: { ...testWorkshop(), parsed: { get: () => undefined, set: () => undefined } },
  })
}

function inMemory(files: Files): Tree {
  const bytes = new Map([...files].map(([path, text]) => [path, new TextEncoder().encode(text)]))
  return {
    label: 'in memory',
    files: () =>
      Promise.resolve(
        [...bytes].map(([path, { length }]) => ({ path, mode: '100644', id: path, size: length })),
      ),
    read: (wanted) =>
      Promise.resolve(new Map(wanted.map(({ path }) => [path, bytes.get(path) ?? new Uint8Array()]))),
  }
}

/** A namespace in ten, and in each of them a policy, Services and Deployments. */
function objects(size: number): readonly string[] {
  return Array.from({ length: size }, (_, index) => {
    const namespace = `team-${String(Math.floor(index / 10))}`
    const name = `app-${String(index)}`
    const metadata = `metadata:\n  name: ${name}\n  namespace: ${namespace}\n`
    if (index % 10 === 0) return `apiVersion: v1\nkind: Namespace\nmetadata:\n  name: ${namespace}\n`
    if (index % 10 === 1)
      return `apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n${metadata}spec:\n  podSelector: {}\n`
    return index % 2 === 0
      ? `apiVersion: v1\nkind: Service\n${metadata}spec:\n  selector:\n    app: ${name}\n  ports:\n    - port: 80\n`
      : `apiVersion: apps/v1\nkind: Deployment\n${metadata}spec:\n  template:\n    metadata:\n      labels:\n        app: ${name}\n    spec:\n      containers:\n        - name: main\n`
  })
}

function list(size: number): string {
  const items = objects(size).map((text) => `  - ${text.trimEnd().replaceAll('\n', '\n    ')}\n`)
  return `apiVersion: v1\nkind: List\nitems:\n${items.join('')}`
}

function kustomization(folder: number): string {
  return `resources:\n  - ${pad(2 * folder)}.yaml\n  - ../${pad(folder + 1)}\n`
}

function pad(index: number): string {
  return String(index).padStart(6, '0')
}
