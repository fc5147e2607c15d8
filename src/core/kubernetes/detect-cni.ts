// Which CNI a tree speaks of. Only an engine's own objects are believed whole; hints make a doubt certain where that
// raises a finding, and never settle one: a wrong "the probe arrives" is an outage.
import { compareText } from '../source/problem.ts'
import { evidenceOf } from './cni-evidence.ts'
import type { Evidence } from './cni-evidence.ts'
import { profileOf } from './cni-profiles.ts'
import type { Cni } from './cni-profiles.ts'
import { placeOf } from './origin.ts'
import type { Manifest } from './manifest.ts'
import type { Place } from './origin.ts'

export interface Detection {
  readonly cni: Cni
  /** The one engine that anything in the tree speaks of, whose own policies are enforced; null where there is none. */
  readonly engine: Cni | null
  readonly basis: 'own-objects' | 'hint' | 'nothing'
  /** A piece of a sentence: what shows it, with its place, or why it is not known. */
  readonly because: string
  /** Where the first of what speaks of a CNI stands; null where nothing does. */
  readonly at: Place | null
}

/** What the manifests of a cluster say of its CNI, whatever their order. */
export function detectCni(manifests: readonly Manifest[]): Detection {
  const evidence = manifests.flatMap((manifest) => evidenceOf(manifest) ?? []).sort(byWeightAndPlace)
  const { cni, basis } = conclude(evidence)
  const exact = evidence.filter((one) => one.cni === cni)
  // Canal is Calico beside flannel: no single object need say so.
  const shown = exact.length > 0 ? exact.slice(0, 1) : oneOfEach(evidence.filter(isOwn))
  const [first] = basis === 'nothing' ? evidence : shown
  const named = engines(evidence.map((one) => one.cni)).filter((one) => one !== 'unknown' && !isNetwork(one))
  return {
    cni,
    engine: basis === 'own-objects' ? cni : named.length === 1 ? (named[0] ?? null) : null,
    basis,
    because: basis === 'nothing' ? doubt(evidence) : shown.map(described).join(' and '),
    at: first === undefined ? null : placeOf(first.manifest.origin, first.route),
  }
}

const NOTHING = { cni: 'unknown', basis: 'nothing' } as const

/**
 * Two engines are unknown. One engine's own objects hold unless somebody installs another. Without any, hints that
 * agree hold where the engine sees the probe source.
 */
function conclude(evidence: readonly Evidence[]): Pick<Detection, 'cni' | 'basis'> {
  const of = (...weights: readonly Evidence['weight'][]): readonly Cni[] =>
    evidence.filter(({ weight }) => weights.includes(weight)).map(({ cni }) => cni)
  const own = engines(of('own'))
  // A network that enforces nothing is believed only where nothing hints at an engine.
  const alone = own.length === 1 && own[0] === 'flannel' && engines(of('installs', 'reads')).every(isNetwork)
  if (alone) return { cni: 'flannel', basis: 'own-objects' }
  if (own.length > 0 && !own.every(isNetwork)) {
    const ebpf = of('reads').filter((cni) => cni === 'calico-ebpf' && own.some(isCalico))
    const [only, ...others] = engines([...of('own', 'installs'), ...ebpf])
    if (only === undefined || only === 'unknown' || others.length > 0) return NOTHING
    return { cni: only, basis: 'own-objects' }
  }
  const readers = of('reads').filter((cni) => cni !== 'unknown')
  const [only, ...others] = engines([...of('own', 'installs'), ...readers])
  if (only === undefined || others.length > 0 || profileOf(only).seesProbeSource !== 'yes') return NOTHING
  return { cni: only, basis: 'hint' }
}

/** The engines among what is named: one beats the network that it is added to, and Calico's are one. */
function engines(named: readonly Cni[]): readonly Cni[] {
  const all = new Set(named)
  const calico = [...all].filter(isCalico)
  const others = [...all].filter((cni) => !isCalico(cni) && !isNetwork(cni))
  const canal = all.has('canal') || all.has('flannel') ? 'canal' : 'calico'
  const one: readonly Cni[] = calico.length === 0 ? [] : [all.has('calico-ebpf') ? 'calico-ebpf' : canal]
  const found = [...others, ...one]
  return found.length === 0 && all.has('flannel') ? ['flannel'] : found
}

function isCalico(cni: Cni): boolean {
  return cni === 'calico' || cni === 'canal' || cni === 'calico-ebpf'
}

/** A network that leaves policies to others. */
function isNetwork(cni: Cni): boolean {
  return profileOf(cni).stages.length === 0
}

function doubt(evidence: readonly Evidence[]): string {
  const [first, second] = oneOfEach(evidence)
  if (first === undefined) return 'nothing in the tree says which'
  const claim = ({ cni }: Evidence): string => (cni === 'unknown' ? 'one that has no profile' : cni)
  const one = `${described(first)}, speaks for ${claim(first)}`
  return second === undefined
    ? `${one}, which is no proof`
    : `${one}, and ${described(second)}, for ${claim(second)}`
}

function described({ name, manifest, route }: Evidence): string {
  const { path, line } = placeOf(manifest.origin, route)
  return `${name}, ${path}:${String(line)}`
}

function isOwn({ weight }: Evidence): boolean {
  return weight === 'own'
}

function oneOfEach(evidence: readonly Evidence[]): readonly Evidence[] {
  return evidence.filter((one, index) => evidence.findIndex(({ cni }) => cni === one.cni) === index)
}

const WEIGHTS: readonly Evidence['weight'][] = ['own', 'installs', 'reads']

function byWeightAndPlace(a: Evidence, b: Evidence): number {
  const [one, other] = [a.manifest.origin, b.manifest.origin]
  return (
    WEIGHTS.indexOf(a.weight) - WEIGHTS.indexOf(b.weight) ||
    compareText(one.file.path, other.file.path) ||
    one.document.start - other.document.start ||
    compareText(a.name, b.name)
  )
}
