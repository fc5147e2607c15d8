// The repository's configuration, `.github/ambient-guard.yml`: text in, a whole Config with every default
// filled in and problems out. A mistake never switches anything off: the default stands in its place.
import { distance } from 'fastest-levenshtein'
import { z } from 'zod'
import { parseAddresses } from './kubernetes/address-set.ts'
import { CNI_PROFILES } from './kubernetes/cni-profiles.ts'
import type { Cni } from './kubernetes/cni-profiles.ts'
import type { Labels } from './kubernetes/labels.ts'
import { lineAt } from './source/text.ts'
import type { Problem } from './source/problem.ts'
import { locate, readDocument, splitDocuments } from './yaml/index.ts'
import type { Route } from './yaml/types.ts'

export const CONFIG_PATH = '.github/ambient-guard.yml'

/** The rules that can be configured, with what they say by default. */
export const RULE_SEVERITIES = {
  'hbone-ingress': 'error',
  'hbone-egress': 'error',
  'waypoint-path': 'error',
  'waypoint-control': 'error',
  'kubelet-probe': 'error',
  'host-probe-policy': 'error',
  isolated: 'warning',
  'ztunnel-peer': 'warning',
  'probe-family': 'warning',
  'port-widening': 'note',
  'enrollment-label': 'note',
} as const

export type RuleId = keyof typeof RULE_SEVERITIES
export type Severity = 'error' | 'warning' | 'note'

const DEFAULT_GATEWAY_NAMESPACES = [
  'istio-system',
  'istio-ingress',
  'istio-gateway',
  'istio-gateways',
  'istio-egress',
]
const PROBE_SOURCES = { IPv4: '169.254.7.127', IPv6: 'fd16:9254:7127:1337:ffff:ffff:ffff:ffff' } as const

const labelMap = z.record(z.string(), z.string())
const address = z
  .string()
  .refine((text) => parseAddresses(text) !== null, 'must be an IP address or a block such as 10.0.0.0/8')
const block = z
  .string()
  .refine((text) => text.includes('/') && parseAddresses(text) !== null, 'must be a block such as 10.0.0.0/8')
const glob = z
  .string()
  .refine((text) => text !== '' && text.length <= 1000, 'must be a pattern such as docs/**')
/** Labels of letters, digits and hyphens (RFC 1123 §2.1); a whole top-level domain is nobody's to allow. */
const HOST =
  /^(?:\*\.(?=[^.]+\.)|)(?!-)[a-z0-9-]{1,63}(?<!-)(?:\.(?!-)[a-z0-9-]{1,63}(?<!-))*(?::([1-9]\d{0,4}))?$/i
const remoteHost = z.string().refine((text) => {
  const [whole, port] = HOST.exec(text) ?? []
  return whole !== undefined && text.length <= 260 && Number(port ?? 443) <= 65535
}, 'must be a host such as charts.example.com, *.example.com or charts.example.com:8443')
const date = z
  .string()
  .refine(
    (text) => /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/.test(text),
    'must be a date such as 2027-01-31',
  )

const expression = z.discriminatedUnion('operator', [
  z.strictObject({ key: z.string(), operator: z.enum(['In', 'NotIn']), values: z.array(z.string()).min(1) }),
  z.strictObject({ key: z.string(), operator: z.enum(['Exists', 'DoesNotExist']) }),
])
const labelSelector = z.strictObject({
  matchLabels: labelMap.optional(),
  matchExpressions: z.array(expression).optional(),
})

const mesh = z.strictObject({
  hbonePort: z.int().min(1).max(65535).optional(),
  probeSources: z.array(address).min(1).optional(),
  excludeNamespaces: z.array(z.string()).optional(),
  gatewayNamespaces: z.array(z.string()).optional(),
  enablementSelectors: z
    .array(
      z.strictObject({ podSelector: labelSelector.optional(), namespaceSelector: labelSelector.optional() }),
    )
    .optional(),
  keepsDestinationPort: z.boolean().optional(),
})

const cluster = z.strictObject({
  paths: z.array(z.string()).min(1).optional(),
  namespace: z.string().min(1).optional(),
  cni: z.enum(Object.keys(CNI_PROFILES) as [Cni, ...Cni[]]).optional(),
  ipFamilies: z
    .array(z.enum(['IPv4', 'IPv6']))
    .min(1)
    .max(2)
    .optional(),
  podCIDRs: z.array(block).optional(),
  nodeCIDRs: z.array(block).optional(),
  mesh: mesh.optional(),
  cilium: z
    .strictObject({ policyEnforcementMode: z.literal('default', 'only "default" is supported').optional() })
    .optional(),
  assume: z
    .strictObject({
      namespaces: z.record(z.string(), z.strictObject({ labels: labelMap.optional() })).optional(),
      manifests: z.array(z.string()).optional(),
    })
    .optional(),
})

/** A bare `off` is the boolean false in the YAML that Kubernetes reads, and in the dialect of this file. */
const severity = z.union(
  [z.enum(['error', 'warning', 'note', 'off']), z.literal(false)],
  'must be error, warning, note or off',
)
const ruleIds = Object.keys(RULE_SEVERITIES) as [RuleId, ...RuleId[]]

/** The shape of the file. */
const configSchema = z.strictObject({
  version: z.literal(1).optional(),
  clusters: z.record(z.string(), cluster).optional(),
  rules: z.partialRecord(z.enum(ruleIds), severity).optional(),
  failOn: z.enum(['introduced', 'any', 'never']).optional(),
  onUnknown: z.enum(['neutral', 'failure']).optional(),
  onError: z.enum(['failure', 'neutral']).optional(),
  waivers: z
    .array(
      z.strictObject({
        rule: z.enum(ruleIds),
        workload: z.string(),
        reason: z.string().min(1),
        owner: z.string().min(1),
        expires: date,
      }),
    )
    .optional(),
  ignorePaths: z.array(glob).optional(),
  remote: z
    .strictObject({
      allow: z.array(remoteHost).optional(),
    })
    .optional(),
  comments: z.strictObject({ drafts: z.boolean().optional() }).optional(),
})

type ConfigFile = z.infer<typeof configSchema>
type ClusterFile = z.infer<typeof cluster>

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
  readonly enablementSelectors: NonNullable<z.infer<typeof mesh>['enablementSelectors']> | null
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

/** Reads the text of a configuration file; what is wrong in it is told, and its default is used. */
export function readConfig(
  path: string,
  text: string,
): { readonly config: Config; readonly problems: readonly Problem[] } {
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
    if (parsed.success) return { config: complete(parsed.data), problems }
    const cuts = new Map<string, Route>()
    for (const issue of parsed.error.issues) {
      for (const route of routesOf(issue)) {
        const span = locate(text, document, route) ?? locate(text, document, route.slice(0, -1))
        const line = span === null ? document.line : lineAt(text, span.start)
        problems.push(trouble(path, line, sentence(issue, route), remedyFor(route)))
        if (route.length === 0) return { config: DEFAULT_CONFIG, problems }
        const item = route.findLastIndex((part) => typeof part === 'number')
        const cut = item === -1 ? route : route.slice(0, item + 1)
        cuts.set(JSON.stringify(cut), cut)
      }
    }
    // From the last to the first, so that taking an item out does not renumber those still to go.
    value = [...cuts.values()].reverse().reduce<unknown>(without, value)
  }
  return { config: DEFAULT_CONFIG, problems }
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

function sentence(issue: z.core.$ZodIssue, route: Route): string {
  const name = route.length === 0 ? 'the configuration' : route.join('.')
  if (issue.code === 'unrecognized_keys')
    return `"${String(route.at(-1))}" is not a setting${route.length > 1 ? ` of ${route.slice(0, -1).join('.')}` : ''}.`
  if (issue.code === 'invalid_value')
    return `${name} must be ${issue.values.length === 1 ? '' : 'one of '}${issue.values.map(String).join(', ')}.`
  if (issue.code === 'invalid_type' && issue.message.endsWith('received undefined'))
    return `${name} is missing.`
  return `${name}: ${issue.message.charAt(0).toLowerCase()}${issue.message.slice(1)}.`
}

function remedyFor(route: Route): string {
  const wrong = String(route.at(-1) ?? '')
  const best = knownKeys(route.slice(0, -1))
    .map((key) => ({ key, far: distance(wrong, key) }))
    .sort((a, b) => a.far - b.far)[0]
  if (best !== undefined && best.far > 0 && best.far <= Math.max(2, wrong.length / 3))
    return `Did you mean "${best.key}"?`
  return 'See docs/configuration.md; until it is mended, its default holds.'
}

/** The keys that the schema knows at a route; names of clusters and namespaces are free. */
function knownKeys(route: Route): readonly string[] {
  let schema: z.core.$ZodType | undefined = configSchema
  for (const part of route) {
    while (schema instanceof z.ZodOptional) schema = schema.unwrap()
    if (schema instanceof z.ZodObject) schema = (schema.shape as Record<string, z.ZodType>)[String(part)]
    else if (schema instanceof z.ZodRecord) schema = schema.valueType
    else if (schema instanceof z.ZodArray) schema = schema.element
    else return []
  }
  while (schema instanceof z.ZodOptional) schema = schema.unwrap()
  if (schema instanceof z.ZodObject) return Object.keys(schema.shape)
  if (schema instanceof z.ZodRecord && schema.keyType instanceof z.ZodEnum)
    return schema.keyType.options.map(String)
  return []
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
