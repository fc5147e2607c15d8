// Which labels Cilium may leave out of the identities that its policies go by, and what becomes of selectors that ask for
// them. The filter is a setting of the agent and its defaults differ by version, so that a label may be in an identity
// or not. Sources: cilium/cilium pkg/labelsfilter/filter.go (defaultLabelPrefixCfg, filterLabels); docs.cilium.io,
// operations/performance/scalability/identity-relevant-labels.
import type { Requirement, Selector } from '../labels.ts'
import type { EntityPeer } from './policy.ts'

/** May the label of this key, as Cilium has it, be missing in identities? */
export type LeavesOut = (key: string) => boolean

/** Before the labels of a namespace in the identities of its pods. */
export const NAMESPACE_LABELS = 'io.cilium.k8s.namespace.labels.'

interface Pattern {
  readonly expression: RegExp
  readonly excludes: boolean
}

const KEPT: readonly Pattern[] = [
  'io\\.kubernetes\\.pod\\.namespace',
  'io\\.cilium\\.k8s\\.namespace\\.labels',
  'app\\.kubernetes\\.io',
  'io\\.cilium\\.k8s\\.policy\\.cluster',
].map((source) => pattern(source, false))

const IGNORED: readonly Pattern[] = [
  'io\\.kubernetes',
  'kubernetes\\.io',
  'k8s\\.io',
  '.*beta\\.kubernetes\\.io',
  'statefulset\\.kubernetes\\.io/pod-name',
  'apps\\.kubernetes\\.io/pod-index',
  'batch\\.kubernetes\\.io/job-completion-index',
  'pod-template-generation',
  'pod-template-hash',
  'controller-revision-hash',
  'annotation.*',
  'etcd_node',
].map((source) => pattern(source, true))

const DEFAULTS = [...KEPT, ...IGNORED]

export const BY_DEFAULT: LeavesOut = (key) => !isKept(key, DEFAULTS, false)

/**
 * `settings`: what the tree shows as the agent's `labels`, patterns that are added to its own. None of them is sure to
 * hold: what the defaults leave out may still be left out.
 */
export function leftOutBy(settings: readonly unknown[]): LeavesOut {
  const filters = settings.filter((setting) => setting !== '' && setting !== null).map(readSetting)
  if (filters.length === 0) return BY_DEFAULT
  return (key) => BY_DEFAULT(key) || filters.some((leavesOut) => leavesOut(key))
}

const EVERYTHING_MAY_GO: LeavesOut = () => true

function readSetting(setting: unknown): LeavesOut {
  if (typeof setting !== 'string') return EVERYTHING_MAY_GO
  const added: Pattern[] = []
  let onlyIncluded = false
  for (const word of setting.split(/[\s,]+/).filter((one) => one !== '')) {
    const colon = word.indexOf(':')
    const [source, written] = colon < 0 ? ['', word] : [word.slice(0, colon), word.slice(colon + 1)]
    const excludes = written.startsWith('!')
    const text = excludes ? written.slice(1) : written
    if (!excludes) onlyIncluded = true
    if (source !== '' && source !== 'k8s') continue
    if (isPlain(text)) added.push(pattern(text, excludes))
    else if (excludes) return EVERYTHING_MAY_GO
  }
  return (key) => !isKept(key, [...DEFAULTS, ...added], onlyIncluded)
}

/** No user's expression runs here but the plainest, which takes no time to speak of; what another includes is not known. */
function isPlain(text: string): boolean {
  return /^\^?(?:[\w/-]|\\[./-]|\.\*?)+$/.test(text) && text.split('.*').length <= 3
}

function pattern(source: string, excludes: boolean): Pattern {
  return { expression: new RegExp(`^(?:${source})`), excludes }
}

/** filterLabels: the longest pattern that includes must be longer than the shortest that excludes. */
function isKept(key: string, patterns: readonly Pattern[], onlyIncluded: boolean): boolean {
  const lengths = (wanted: boolean): readonly number[] =>
    patterns.flatMap(({ expression, excludes }) => {
      const found = excludes === wanted ? expression.exec(key) : null
      return found === null ? [] : [found[0].length]
    })
  const ignored = lengths(true)
  if (!onlyIncluded && ignored.length === 0) return true
  return Math.max(0, ...lengths(false)) > (ignored.length === 0 ? 0 : Math.min(...ignored))
}

/** What pods and their namespaces must be. */
export interface Selection {
  readonly pods: Selector
  readonly namespaces: Selector
}

/** One way to be selected; with `doubt`, only if the labels that are asked for are in identities, or are not. */
export interface Variant extends Selection {
  readonly doubt?: true
}

/**
 * Whom a selector surely and perhaps selects, of whose requirements `open` ask for labels that may be left out. A label
 * that is left out fulfils what asks for its absence and nothing else: so whoever has none of them is as sure as ever.
 */
export function variantsOf(known: Selection, open: Selection): readonly Variant[] {
  const asked = [...open.pods, ...open.namespaces]
  if (asked.length === 0) return [known]
  const surely = !asked.some(asksFor)
  const needed = (some: Selector): Selector => some.filter(asksFor)
  const perhaps: Variant = {
    pods: [...known.pods, ...needed(open.pods)],
    namespaces: [...known.namespaces, ...needed(open.namespaces)],
    doubt: true,
  }
  if (!surely) return [perhaps]
  return [
    { pods: [...known.pods, ...open.pods], namespaces: [...known.namespaces, ...open.namespaces] },
    perhaps,
  ]
}

/** Must the label be there? */
export function asksFor({ operator }: Requirement): boolean {
  return operator === 'In' || operator === 'Exists'
}

/**
 * What has no labels of pods fulfils a selector that only excludes. Where it excludes namespaces, versions of Cilium ask
 * for none beside, and match the world and nodes (cilium/cilium#46949, mended by #46996): that is not known.
 */
export const BEYOND_PODS: readonly EntityPeer[] = [
  { kind: 'entity', entity: 'world', doubt: true },
  { kind: 'entity', entity: 'nodes', doubt: true },
]
