// What a tree says of how istio-cni is set up where its defaults do not hold: from which address kubelet probes come, and
// which pods are enrolled. The configuration has both; where it says nothing of them and the tree does, we may be wrong
// about everything. Source: istio cni/pkg/nodeagent/options.go (HOST_PROBE_SNAT_IP, HOST_PROBE_SNAT_IPV6, variables of the
// DaemonSet or of ConfigMap istio-cni-config); manifests/charts/istio-cni/values.yaml (env, ambient.enablementSelectors).
import type { ClusterConfig } from '../config.ts'
import type { Problem } from '../source/problem.ts'
import { readDocument, splitDocuments } from '../yaml/index.ts'
import type { Route } from '../yaml/types.ts'
import { addressSet, coversAddresses, parseAddresses } from './address-set.ts'
import { nameIn } from './identity.ts'
import { DATAPLANE_MODE } from './labels.ts'
import { at, isMapping, list, string } from './loose.ts'
import { namespaceOf } from './manifest.ts'
import type { Manifest } from './manifest.ts'
import type { Network } from './network.ts'
import { isEqual, placeOf } from './origin.ts'

const SOURCES = { HOST_PROBE_SNAT_IP: 'IPv4', HOST_PROBE_SNAT_IPV6: 'IPv6' } as const

/** A word without which no object says anything of it. */
export const ISTIO_CNI_WORD =
  /HOST_PROBE_SNAT_IP|enablementSelectors|AMBIENT_ENABLEMENT_SELECTOR|excludeNamespaces|EXCLUDE_NAMESPACES/

/** Kinds that say it, beside those that are read for other reasons: charts, ConfigMaps, DaemonSets. */
export const ISTIO_CNI_KINDS: readonly string[] = ['IstioCNI', 'IstioOperator']

/** All kinds that say it. */
const KINDS: readonly string[] = [
  ...ISTIO_CNI_KINDS,
  ...[
    'Application',
    'ApplicationSet',
    'ConfigMap',
    'DaemonSet',
    'HelmChart',
    'HelmChartConfig',
    'HelmRelease',
  ],
]

/** The code of its problems. */
export const ISTIO_CNI_SETTING = 'istio-cni-setting'

/** What one manifest says of a setting. */
interface Setting {
  readonly name: string
  /** undefined: something that cannot be read, or is known on a node alone. */
  readonly value: unknown
  readonly route: Route
}

/** Does a manifest say anything of it? */
export function setsIstioCni(manifest: Manifest): boolean {
  return settingsOf(manifest).length > 0
}

/** A problem for each setting of the tree that the configuration contradicts by its silence. */
export function istioCniProblems(
  config: ClusterConfig,
  { seesProbeSource }: Network,
  manifests: readonly Manifest[],
): readonly Problem[] {
  return manifests.flatMap((manifest) =>
    settingsOf(manifest)
      .filter(({ name }) => seesProbeSource !== 'no' || !Object.hasOwn(SOURCES, name))
      .flatMap((setting) => problemOf(manifest, setting, config) ?? []),
  )
}

/** States of one repository share most of their objects, and each is looked through once. */
const KNOWN = new WeakMap<Manifest['object'], readonly Setting[]>()

function settingsOf({ kind, object }: Manifest): readonly Setting[] {
  if (!KINDS.includes(kind)) return []
  const before = KNOWN.get(object)
  if (before !== undefined) return before
  const written = JSON.stringify(object)
  const search = { ofChart: OF_CHART.test(written), isConfigMap: kind === 'ConfigMap' }
  const now = ISTIO_CNI_WORD.test(written) ? settingsIn(object, [], search) : []
  KNOWN.set(object, now)
  return now
}

/** The chart of istio-cni by its name, or its ConfigMap: other charts have keys of the same names. */
const OF_CHART = /"(?:chart|name)":"(?:[^"]*\/)?(?:istio-)?cni(?:-config)?"|"(?:spec|values)":\{[^}]*"cni":/

interface Search {
  /** Is all of the object about istio-cni? */
  readonly ofChart: boolean
  readonly isConfigMap: boolean
}

/** Wherever it stands: each tool that installs charts has its own place for their values. */
function settingsIn(value: unknown, route: Route, search: Search): readonly Setting[] {
  if (Array.isArray(value)) return value.flatMap((one, index) => settingsIn(one, [...route, index], search))
  if (typeof value === 'string') return inText(value, route, search)
  if (!isMapping(value)) return []
  // A variable of a container, a parameter of a chart, a value from elsewhere.
  const named = [value.targetPath, value.name]
    .map((one) => lastOf(string(one) ?? ''))
    .find((one) => Object.hasOwn(SOURCES, one))
  if (named !== undefined) return [{ name: named, value: string(value.value), route }]
  return Object.entries(value).flatMap(([key, inner]): readonly Setting[] => {
    const there = [...route, key]
    const name = lastOf(key)
    if (Object.hasOwn(SOURCES, name)) return [{ name, value: string(inner), route: there }]
    if (isOfCni(key, route, search))
      return [
        {
          name,
          value: typeof inner === 'string' && /SELECTOR/i.test(name) ? parsed(inner) : inner,
          route: there,
        },
      ]
    return settingsIn(inner, there, search)
  })
}

/** Keys that other charts may have as well: they count where the rest of the object, or what is around them, says so. */
function isOfCni(key: string, route: Route, { ofChart, isConfigMap }: Search): boolean {
  const name = lastOf(key)
  if (name === 'AMBIENT_ENABLEMENT_SELECTOR') return true
  if (name === 'EXCLUDE_NAMESPACES') return isConfigMap && ofChart
  const around = key.includes('.') ? key.split('.').at(-2) : route.at(-1)
  if (name === 'enablementSelectors') return around === 'ambient'
  return name === 'excludeNamespaces' && (around === 'cni' || ofChart)
}

/** `env.HOST_PROBE_SNAT_IP` is the path of a value. */
function lastOf(path: string): string {
  return path.slice(path.lastIndexOf('.') + 1)
}

/** Values that stand in a manifest as text: of a chart, or of a ConfigMap that holds some. */
function inText(text: string, route: Route, search: Search): readonly Setting[] {
  if (!ISTIO_CNI_WORD.test(text) || !text.includes(':')) return []
  const value = parsed(text)
  const found = isMapping(value) || Array.isArray(value) ? settingsIn(value, [], search) : []
  if (found.length > 0) return found.map((setting) => ({ ...setting, route }))
  const [word = ''] = ISTIO_CNI_WORD.exec(text) ?? []
  // Texts of a ConfigMap may be anything, and values of other charts have such keys: what cannot be read counts where the
  // name or the chart leaves no doubt.
  const isTold = !search.isConfigMap && (search.ofChart || /^[A-Z_]+$/.test(word))
  return value === undefined && isTold ? [{ name: word, value: undefined, route }] : []
}

/** undefined where it cannot be read. */
function parsed(text: string): unknown {
  const [document, ...more] = splitDocuments(text)
  if (document === undefined || more.length > 0) return undefined
  const read = readDocument(text, document)
  return read.ok ? read.value : undefined
}

function problemOf(
  manifest: Manifest,
  { name, value, route }: Setting,
  config: ClusterConfig,
): Problem | null {
  const topic = topicOf(name, value, config)
  if (topic.isKnown) return null
  const namespace = namespaceOf(manifest.object)
  const who = `${manifest.kind} ${namespace === null ? '' : `${namespace}/`}${nameIn(manifest)}`
  const { path, line } = placeOf(manifest.origin, route)
  return {
    ...{ path, line, code: ISTIO_CNI_SETTING, class: 'unseen' },
    message: `${who} sets ${name} of istio-cni${topic.to}, and ${topic.judged}.`,
    remedy: `Set mesh.${topic.key} of the cluster ${config.name} in the configuration to what istio-cni uses.`,
    hides: { namespaces: 'all' },
  }
}

interface Topic {
  readonly isKnown: boolean
  /** What it is set to, where that is short. */
  readonly to: string
  /** How things are judged. */
  readonly judged: string
  /** The name of the setting in the configuration. */
  readonly key: keyof ClusterConfig['mesh']
}

function topicOf(name: string, value: unknown, config: ClusterConfig): Topic {
  const { mesh } = config
  if (name in SOURCES)
    return {
      isKnown: isKnownSource(name as keyof typeof SOURCES, value, config),
      to: ` to ${typeof value === 'string' && value !== '' ? value : 'something that the tree does not tell'}`,
      judged: `probes are judged as coming from ${mesh.probeSources.join(' and ')}`,
      key: 'probeSources',
    }
  if (/exclude/i.test(name)) {
    const names = typeof value === 'string' ? value.split(',') : list(value)
    return {
      isKnown: isEqual([...names].sort(), [...mesh.excludeNamespaces].sort()),
      to: '',
      judged: `pods are judged as never enrolled in ${mesh.excludeNamespaces.join(' and ') || 'no namespace'}`,
      key: 'excludeNamespaces',
    }
  }
  return {
    isKnown: isKnownSelection(value, config),
    to: '',
    judged: `pods are judged as enrolled by the label ${DATAPLANE_MODE}`,
    key: 'enablementSelectors',
  }
}

/** Whoever has configured other sources than ours knows what a node fills in. */
function isKnownSource(
  name: keyof typeof SOURCES,
  value: unknown,
  { ipFamilies, mesh: { probeSources } }: ClusterConfig,
): boolean {
  if (!ipFamilies.includes(SOURCES[name])) return true
  const address = typeof value === 'string' ? parseAddresses(value) : null
  if (address === null) return !probeSources.some((source) => OURS.includes(source))
  return coversAddresses(addressSet(probeSources), address)
}

const OURS = ['169.254.7.127', 'fd16:9254:7127:1337:ffff:ffff:ffff:ffff']

/** The chart writes out its default as well. */
function isKnownSelection(value: unknown, { mesh }: ClusterConfig): boolean {
  return mesh.enablementSelectors !== null || isEqual(list(value).map(bare).sort(), DEFAULT)
}

/** A selector without what is empty in it, as text: which comes first makes no difference. */
function bare(selector: unknown): string {
  const [pods, namespaces] = [at(selector, 'podSelector'), at(selector, 'namespaceSelector')]
  return JSON.stringify(
    [pods, namespaces].map((one) => (isMapping(one) && Object.keys(one).length > 0 ? one : null)),
  )
}

const AMBIENT = { matchLabels: { [DATAPLANE_MODE]: 'ambient' } }
const NOT_NONE = { matchExpressions: [{ key: DATAPLANE_MODE, operator: 'NotIn', values: ['none'] }] }
const DEFAULT: readonly string[] = [
  bare({ podSelector: AMBIENT }),
  bare({ podSelector: NOT_NONE, namespaceSelector: AMBIENT }),
].sort()
