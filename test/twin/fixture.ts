// A question about a cluster as a folder, like a case: `both/` holds the manifests and the configuration,
// `question.json` the question, its answer and why. A disagreement is written as one, ready to move to fixtures/twin.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { parseAllDocuments, stringify } from 'yaml'
import { CONFIG_PATH, DEFAULT_CONFIG, readConfig } from '../../src/core/config.ts'
import { analyze } from '../../src/core/index.ts'
import type { Analysis } from '../../src/core/index.ts'
import { directoryTree } from '../../src/git/tree.ts'
import { loadAlone } from '../workshop.ts'
import type { Disagreement } from './agreement.ts'
import type { Cluster, NamespaceObject, NetworkPolicy, Pod, Question, Workload } from './cluster.ts'
import { objectsOf } from './product.ts'

export interface Fixture {
  readonly question: Question
  /** Reasoned from the API reference, never copied from an output. */
  readonly answer: { readonly verdict: string; readonly because: readonly string[] }
  readonly why: string
}

const FILES = ['namespaces', 'workloads', 'policies'] as const

export function writeFixture(cluster: Cluster, found: Disagreement): string {
  const folder = mkdtempSync(join(tmpdir(), 'ambient-guard-twin-'))
  const nothing = { ...cluster, namespaces: [], workloads: [], policies: [] }
  const { podCIDRs, ...network } = cluster.network
  const config = {
    version: 1,
    clusters: { default: { ...network, ...(podCIDRs === null ? {} : { podCIDRs }) } },
  }
  const why = 'The twin says so and the product does not. Say here who is right, from the API reference.'
  const { question, twin: answer, product } = found
  const files = [
    [`both/${CONFIG_PATH}`, stringify(config)],
    ...FILES.map((part) => [
      `both/${part}.yaml`,
      documents(objectsOf({ ...nothing, [part]: cluster[part] })),
    ]),
    ['question.json', `${JSON.stringify({ why, question, answer, product }, null, 2)}\n`],
    ['queries.jsonl', `${JSON.stringify(question)}\n`],
  ] as const
  for (const [path = '', text = ''] of files) {
    if (text === '') continue
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
  return folder
}

export function readFixture(folder: string): Fixture {
  return JSON.parse(readFileSync(join(folder, 'question.json'), 'utf8')) as Fixture
}

/** The manifests of a fixture as the product reads them. */
export async function analyzeFixture(folder: string): Promise<Analysis> {
  const file = join(folder, 'both', CONFIG_PATH)
  const { config, problems } = existsSync(file)
    ? readConfig(CONFIG_PATH, readFileSync(file, 'utf8'))
    : { config: DEFAULT_CONFIG, problems: [] }
  const [cluster] = config.clusters
  if (cluster === undefined) throw new Error('a configuration has a cluster')
  const loaded = await loadAlone(directoryTree(join(folder, 'both')))
  return analyze(cluster, {}, loaded.manifests, [...problems, ...loaded.problems])
}

/** The manifests of a fixture as the twin reads them. */
export function clusterOf(folder: string): Cluster {
  const objects = FILES.flatMap((part) => readDocuments(join(folder, 'both', `${part}.yaml`)))
  const of = (kind: string): unknown[] => objects.filter((object) => object.kind === kind)
  const [config] = readDocuments(join(folder, 'both', CONFIG_PATH))
  const written = (config?.clusters as { readonly default: Partial<Cluster['network']> } | undefined)?.default
  return {
    namespaces: of('Namespace') as NamespaceObject[],
    policies: of('NetworkPolicy') as NetworkPolicy[],
    workloads: objects
      .filter(({ kind }) => kind !== 'Namespace' && kind !== 'NetworkPolicy')
      .map((object): Workload => {
        const { kind, metadata } = object as { readonly kind: string; readonly metadata: Named }
        return { kind, ...metadata, pod: podOf(object), object }
      }),
    network: { cni: 'unknown', ipFamilies: ['IPv4'], podCIDRs: null, nodeCIDRs: [], ...written },
  }
}

type Named = Pick<Workload, 'name' | 'namespace'>

/** The outermost thing with containers: a Pod itself, or the template inside a controller. */
function podOf(object: unknown): Pod {
  const { spec, template, jobTemplate } = object as Record<string, unknown>
  if (Array.isArray((spec as Pod['spec'] | undefined)?.containers)) return object as Pod
  return podOf(template ?? jobTemplate ?? spec)
}

function readDocuments(file: string): readonly Readonly<Record<string, unknown>>[] {
  if (!existsSync(file)) return []
  return parseAllDocuments(readFileSync(file, 'utf8')).map(
    (document) => document.toJS() as Readonly<Record<string, unknown>>,
  )
}

function documents(objects: readonly object[]): string {
  return objects.map((object) => stringify(object, { aliasDuplicateObjects: false })).join('---\n')
}
