// The repository's configuration, `.github/ambient-guard.yml`: text in, a whole Config with every default
// filled in and problems out. A mistake never switches anything off: the default stands in its place.
import type { z } from 'zod'
import { configSchema } from './config-schema.ts'
import { itemOf, remedyFor, sentence } from './config-mistake.ts'
import type { ClusterFile, ConfigFile, EnablementSelectors, RuleId, Severity } from './config-schema.ts'
import type { Cni, EnforcementMode } from './kubernetes/cni-profiles.ts'
import type { Labels } from './kubernetes/labels.ts'
import { lineAt } from './source/text.ts'
import { byPlace } from './source/problem.ts'
import type { Problem } from './source/problem.ts'
import { locate, readDocument, splitDocuments } from './yaml/index.ts'
import type { Route } from './yaml/types.ts'

export { RULE_SEVERITIES } from './config-schema.ts'
export type { RuleId, Severity } from './config-schema.ts'

export const CONFIG_PATH = '.github/ambient-guard.yml'

const DEFAULT_GATEWAY_NAMESPACES = [
  'istio-system',
  'istio-ingress',
  'istio-gateway',
  'istio-gateways',
  'istio-egress',
]
const PROBE_SOURCES = { IPv4: '169.254.7.127', IPv6: 'fd16:9254:7127:1337:ffff:ffff:ffff:ffff' } as const

export interface Mesh {
  /** TCP port on which ztunnel and waypoints receive. */
  readonly hbonePort: number
  /** Addresses or blocks that kubelet probes come from once Istio has rewritten them. */
  readonly probeSources: readonly string[]
  readonly excludeNamespaces: readonly string[]
  readonly gatewayNamespaces: readonly string[]
  /** Do policies see the port of the application on what goes straight between pods? null: what the tree shows. */
  readonly keepsDestinationPort: boolean | null
  /** null: the default of the istio-cni chart. Never empty: that would enrol nobody, and judge nothing. */
  readonly enablementSelectors: EnablementSelectors | null
}

export interface ClusterConfig {
  readonly name: string
  /** Folders or files whose manifests belong to this cluster; null: the whole tree. */
  readonly paths: readonly string[] | null
  /** For objects that name no namespace. */
  readonly namespace: string
  /** null: what the tree shows of it holds. `unknown` asks for nobody to look. */
  readonly cni: Cni | null
  readonly ipFamilies: readonly ('IPv4' | 'IPv6')[]
  /** null: not known. Never empty: no block would be no pod's. */
  readonly podCIDRs: readonly string[] | null
  readonly nodeCIDRs: readonly string[]
  readonly mesh: Mesh
  /** Of Cilium; null: what the tree shows of it. */
  readonly policyEnforcementMode: EnforcementMode | null
  readonly assume: {
    readonly namespaces: Readonly<Record<string, { readonly labels: Labels }>>
    readonly manifests: readonly string[]
  }
  /** Namespaces to judge as if they carried the enrolment label: a question, not a setting. */
  readonly enroll: readonly string[]
}

export interface Waiver {
  readonly rule: RuleId
  readonly workload: string
  readonly reason: string
  readonly owner: string
  /** The last day on which it holds, YYYY-MM-DD. */
  readonly expires: string
}

export interface Config {
  readonly clusters: readonly ClusterConfig[]
  readonly rules: Readonly<Partial<Record<RuleId, Severity | 'off'>>>
  readonly failOn: 'introduced' | 'any' | 'never'
  readonly onUnknown: 'neutral' | 'failure'
  readonly onError: 'failure' | 'neutral'
  readonly waivers: readonly Waiver[]
  readonly ignorePaths: readonly string[]
  /** Hosts that remote pieces may be fetched from: `host`, `host:port`, or with a leading `*.`; in lower case. */
  readonly remote: { readonly allow: readonly string[] }
  readonly comments: { readonly drafts: boolean }
}

/** Taking something out may make its parent wrong; the file is no deeper than this. */
const MAX_ROUNDS = 10

/** What holds where there is no configuration file. */
export const DEFAULT_CONFIG: Config = complete({})

/** What a file says, and what is wrong in it. */
export interface ReadConfig {
  readonly config: Config
  /** In the order of their lines. */
  readonly problems: readonly Problem[]
}

/** Reads the text of a configuration file; what is wrong in it is told, and its default is used. */
export function readConfig(path: string, text: string): ReadConfig {
  const documents = splitDocuments(text)
  const document = documents[0]
  if (document === undefined) return { config: DEFAULT_CONFIG, problems: [] }
  const read = readDocument(text, document)
  if (!read.ok) {
    const message = `The configuration is not readable YAML: ${read.message}.`
    return {
      config: DEFAULT_CONFIG,
      problems: [
        trouble(path, lineAt(text, read.offset), message, 'Correct the file; until then the defaults hold.'),
      ],
    }
  }
  let value: unknown = read.value ?? {}
  const problems: Problem[] = documents.slice(1).map(({ line }) => {
    const message = 'The configuration has a second document, which nobody reads.'
    return trouble(path, line, message, 'Keep one document in the file.')
  })
  // Each round takes out what is wrong, so that one typo costs its own setting and nothing else. What is wrong
  // in an item of a list takes the whole item out: half a waiver is none.
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const parsed = configSchema.safeParse(value)
    if (parsed.success) return { config: complete(parsed.data), problems: problems.sort(byPlace) }
    const cuts = new Map<string, Route>()
    const told = new Set<string>()
    for (const issue of parsed.error.issues) {
      for (const route of routesOf(issue)) {
        // What is no list is too long for one, too.
        if (told.has(JSON.stringify(route))) continue
        told.add(JSON.stringify(route))
        const span = locate(text, document, route) ?? locate(text, document, route.slice(0, -1))
        const line = span === null ? document.line : lineAt(text, span.start)
        problems.push(trouble(path, line, sentence(issue, route, value), remedyFor(issue, route)))
        if (route.length === 0) return { config: DEFAULT_CONFIG, problems: problems.sort(byPlace) }
        const cut = itemOf(route) ?? route
        cuts.set(JSON.stringify(cut), cut)
      }
    }
    // From the last to the first, so that taking an item out does not renumber those still to go.
    value = [...cuts.values()].reverse().reduce<unknown>(without, value)
  }
  return { config: DEFAULT_CONFIG, problems: problems.sort(byPlace) }
}

/** The configuration of one cluster where none is written down. */
function clusterConfig(name: string, file: ClusterFile = {}): ClusterConfig {
  const ipFamilies = file.ipFamilies ?? ['IPv4']
  return {
    name,
    paths: file.paths ?? null,
    namespace: file.namespace ?? 'default',
    cni: file.cni ?? null,
    ipFamilies,
    podCIDRs: filled(file.podCIDRs),
    nodeCIDRs: file.nodeCIDRs ?? [],
    mesh: {
      hbonePort: file.mesh?.hbonePort ?? 15008,
      probeSources: file.mesh?.probeSources ?? ipFamilies.map((family) => PROBE_SOURCES[family]),
      excludeNamespaces: file.mesh?.excludeNamespaces ?? ['kube-system'],
      gatewayNamespaces: file.mesh?.gatewayNamespaces ?? DEFAULT_GATEWAY_NAMESPACES,
      keepsDestinationPort: file.mesh?.keepsDestinationPort ?? null,
      enablementSelectors: filled(file.mesh?.enablementSelectors),
    },
    policyEnforcementMode: file.cilium?.policyEnforcementMode ?? null,
    assume: {
      namespaces: Object.fromEntries(
        Object.entries(file.assume?.namespaces ?? {}).map(([name, { labels }]) => [
          name,
          { labels: labels ?? {} },
        ]),
      ),
      manifests: file.assume?.manifests ?? [],
    },
    enroll: [],
  }
}

/** A cluster that was found in the tree: as it is configured, else like `default`, else by the defaults. */
export function clusterNamed(name: string, configured: readonly ClusterConfig[]): ClusterConfig {
  const like =
    configured.find((cluster) => cluster.name === name) ??
    configured.find((cluster) => cluster.name === 'default' && cluster.paths === null)
  return like === undefined ? clusterConfig(name) : { ...like, name }
}

/** An empty list says nothing, as in docs/configuration.md: what holds is the default. */
function filled<T>(list: T[] | undefined): T[] | null {
  return list === undefined || list.length === 0 ? null : list
}

function complete(file: ConfigFile): Config {
  const clusters = Object.entries(file.clusters ?? {}).map(([name, entry]) => clusterConfig(name, entry))
  return {
    clusters:
      clusters.length === 0
        ? [clusterConfig('default')]
        : clusters.sort((a, b) => (a.name < b.name ? -1 : 1)),
    rules: Object.fromEntries(
      Object.entries(file.rules ?? {}).map(([rule, severity]) => [
        rule,
        severity === false ? 'off' : severity,
      ]),
    ),
    failOn: file.failOn ?? 'introduced',
    onUnknown: file.onUnknown ?? 'neutral',
    onError: file.onError ?? 'failure',
    waivers: file.waivers ?? [],
    ignorePaths: file.ignorePaths ?? [],
    remote: { allow: (file.remote?.allow ?? []).map((host) => host.toLowerCase()) },
    comments: { drafts: file.comments?.drafts ?? false },
  }
}

function trouble(path: string, line: number, message: string, remedy: string): Problem {
  return {
    path,
    line,
    code: 'configuration',
    class: 'unreadable',
    message,
    remedy,
    hides: { namespaces: 'all' },
  }
}

/** Where an issue stands: at each key that nobody knows, or at the value that is wrong. */
function routesOf(issue: z.core.$ZodIssue): readonly Route[] {
  const at = issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part))
  return issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...at, key]) : [at]
}

function without(value: unknown, route: readonly (string | number)[]): unknown {
  const [first, ...rest] = route
  if (Array.isArray(value)) {
    return value.flatMap((item: unknown, index) =>
      index !== first ? [item] : rest.length === 0 ? [] : [without(item, rest)],
    )
  }
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, item]) =>
      key !== String(first) ? [[key, item]] : rest.length === 0 ? [] : [[key, without(item, rest)]],
    ),
  )
}
