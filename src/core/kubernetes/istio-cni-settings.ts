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
import { isEqual, placeOf } from './origin.ts'

const SOURCES = { HOST_PROBE_SNAT_IP: 'IPv4', HOST_PROBE_SNAT_IPV6: 'IPv6' } as const
const SELECTORS = ['enablementSelectors', 'AMBIENT_ENABLEMENT_SELECTOR']

/** A word without which no object says anything of it. */
export const ISTIO_CNI_WORD = /HOST_PROBE_SNAT_IP|enablementSelectors|AMBIENT_ENABLEMENT_SELECTOR/

/** Kinds that say it, beside those that are read for other reasons: charts, ConfigMaps, DaemonSets. */
export const ISTIO_CNI_KINDS: readonly string[] = ['IstioCNI', 'IstioOperator']

/** Those among them of which the tree holds more than the settings of other things. */
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
export function istioCniProblems(config: ClusterConfig, manifests: readonly Manifest[]): readonly Problem[] {
  return manifests.flatMap((manifest) =>
    settingsOf(manifest).flatMap((setting) => problemOf(manifest, setting, config) ?? []),
  )
}

/** States of one repository share most of their objects, and each is looked through once. */
const KNOWN = new WeakMap<Manifest['object'], readonly Setting[]>()

function settingsOf({ kind, object }: Manifest): readonly Setting[] {
  if (!KINDS.includes(kind)) return []
  const before = KNOWN.get(object)
  if (before !== undefined) return before
  const now = ISTIO_CNI_WORD.test(JSON.stringify(object)) ? settingsIn(object, []) : []
  KNOWN.set(object, now)
  return now
}

/** Wherever it stands: each tool that installs charts has its own place for their values. */
function settingsIn(value: unknown, route: Route): readonly Setting[] {
  if (Array.isArray(value)) return value.flatMap((one, index) => settingsIn(one, [...route, index]))
  if (typeof value === 'string') return inText(value, route)
  if (!isMapping(value)) return []
  const { name } = value
  // A variable of a container.
  if (typeof name === 'string' && Object.hasOwn(SOURCES, name) && !Object.hasOwn(value, name))
    return [{ name, value: string(value.value), route }]
  return Object.entries(value).flatMap(([key, inner]): readonly Setting[] => {
    const there = [...route, key]
    if (Object.hasOwn(SOURCES, key)) return [{ name: key, value: string(inner), route: there }]
    if (!SELECTORS.includes(key)) return settingsIn(inner, there)
    return [{ name: key, value: typeof inner === 'string' ? parsed(inner) : inner, route: there }]
  })
}

/** Values that stand in a manifest as text: of a chart, or of a ConfigMap that holds some. */
function inText(text: string, route: Route): readonly Setting[] {
  if (!ISTIO_CNI_WORD.test(text) || !text.includes(':')) return []
  const value = parsed(text)
  const found = settingsIn(value === text ? undefined : value, [])
  if (found.length > 0) return found.map((setting) => ({ ...setting, route }))
  const [word = ''] = ISTIO_CNI_WORD.exec(text) ?? []
  return value === undefined ? [{ name: word, value: undefined, route }] : []
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
  const { mesh } = config
  const isSource = name in SOURCES
  if (isSource ? isKnownSource(name as keyof typeof SOURCES, value, config) : isKnownSelection(value, config))
    return null
  const namespace = namespaceOf(manifest.object)
  const who = `${manifest.kind} ${namespace === null ? '' : `${namespace}/`}${nameIn(manifest)}`
  const what = typeof value === 'string' ? value : 'something that the tree does not tell'
  const { path, line } = placeOf(manifest.origin, route)
  return {
    ...{ path, line, code: 'istio-cni-setting', class: 'unseen' },
    message: isSource
      ? `${who} sets ${name} of istio-cni to ${what}, and probes are judged as coming from ${mesh.probeSources.join(' and ')}.`
      : `${who} sets ${name} of istio-cni, and pods are judged as enrolled by the label ${DATAPLANE_MODE}.`,
    remedy: `Set mesh.${isSource ? 'probeSources' : 'enablementSelectors'} of the cluster ${config.name} in the configuration to what istio-cni uses.`,
    hides: { namespaces: 'all' },
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
  return mesh.enablementSelectors !== null || isEqual(list(value).map(bare), DEFAULT)
}

/** A selector without what is empty in it. */
function bare(selector: unknown): unknown {
  const [pods, namespaces] = [at(selector, 'podSelector'), at(selector, 'namespaceSelector')]
  return [pods, namespaces].map((one) => (isMapping(one) && Object.keys(one).length > 0 ? one : null))
}

const DEFAULT: unknown = [
  [{ matchLabels: { [DATAPLANE_MODE]: 'ambient' } }, null],
  [
    { matchExpressions: [{ key: DATAPLANE_MODE, operator: 'NotIn', values: ['none'] }] },
    { matchLabels: { [DATAPLANE_MODE]: 'ambient' } },
  ],
]
