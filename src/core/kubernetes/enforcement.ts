// In which mode Cilium enforces policies. `always` closes every pod that no policy opens, `never` takes all policies out
// of force (docs.cilium.io, security/policy/intro). What silences is believed of a Cilium that is sure to be there, and
// a tree that contradicts itself counts as the mode that closes more.
import type { ClusterConfig } from '../config.ts'
import { compareText } from '../source/problem.ts'
import { ciliumSettings } from './cilium-settings.ts'
import { ENFORCEMENT_KEY } from './cni-evidence.ts'
import { ENFORCEMENT_MODES, profileOf } from './cni-profiles.ts'
import type { Cni, EnforcementMode } from './cni-profiles.ts'
import type { Manifest } from './manifest.ts'
import { placeOf } from './origin.ts'
import type { Place } from './origin.ts'

export interface Enforcement {
  /** `perhaps-always`: which one it is, is not known, and it may be that. */
  readonly mode: EnforcementMode | 'perhaps-always'
  /** A piece of a sentence: what says so, with its place. */
  readonly because: string
  /** Where the first of what speaks of it stands; null where it is configured, or nothing does. */
  readonly at: Place | null
  /** A piece of a sentence: why it is not known; null where it is, or nothing says otherwise than Cilium's default. */
  readonly doubt: string | null
}

/** The CNI of a cluster, and what it is known by. */
interface Known {
  readonly cni: Cni
  readonly basis: 'configuration' | 'own-objects' | 'hint' | 'nothing'
}

/** What the configuration says of the mode, and where it says nothing, what the manifests show. */
export function enforcementOf(
  { policyEnforcementMode: configured }: ClusterConfig,
  { cni, basis }: Known,
  manifests: readonly Manifest[],
): Enforcement {
  const isCilium = profileOf(cni).ownPolicies?.includes('cilium.io') === true
  if (configured !== null && (isCilium || cni === 'unknown'))
    return { mode: configured, because: 'the configuration says so', at: null, doubt: null }
  const claims = isCilium ? manifests.flatMap(claimsOf).sort(byPlace) : []
  const [first, ...others] = claims
  if (first === undefined) return BY_DEFAULT
  const { at, mode } = first
  const other = others.find((claim) => claim.mode !== mode)
  if (mode !== null && other === undefined) {
    if (mode !== 'never' || basis !== 'hint') return { mode, because: first.name, at, doubt: null }
    return { mode: 'default', because: first.name, at, doubt: `${said(first)}, which is no proof` }
  }
  const mayClose = claims.some((claim) => claim.mode === null || claim.mode === 'always')
  return {
    mode: mayClose ? 'perhaps-always' : 'default',
    because: first.name,
    at,
    doubt: other === undefined ? said(first) : `${said(first)}, and ${said(other)}`,
  }
}

/** Does Cilium deny, or perhaps deny, what no policy admits? */
export function mayClose({ mode }: Enforcement): boolean {
  return mode === 'always' || mode === 'perhaps-always'
}

const BY_DEFAULT: Enforcement = {
  mode: 'default',
  because: 'nothing in the tree says otherwise',
  at: null,
  doubt: null,
}

/** What one setting says. */
interface Claim {
  /** null: nothing that can be read as a mode. */
  readonly mode: EnforcementMode | null
  /** `ConfigMap kube-system/cilium-config, infra/cilium.yaml:7`. */
  readonly name: string
  readonly at: Place
}

function said({ name, mode }: Claim): string {
  return `${name}, says ${mode ?? 'what cannot be read from the tree'}`
}

function byPlace(a: Claim, b: Claim): number {
  return compareText(a.at.path, b.at.path) || a.at.line - b.at.line || compareText(a.name, b.name)
}

const MODE = { key: ENFORCEMENT_KEY, value: 'policyEnforcementMode' }

/** Evidence of Cilium is its ConfigMap, or an order to install its chart, with values. */
function claimsOf(manifest: Manifest): readonly Claim[] {
  return ciliumSettings(manifest, MODE).map(({ value, route, name }) => {
    const at = placeOf(manifest.origin, route)
    return { mode: modeOf(value), name: `${name}, ${at.path}:${String(at.line)}`, at }
  })
}

/** The agent takes any case (pkg/option/config.go), and starts with no other value (daemon/cmd). */
function modeOf(value: unknown): EnforcementMode | null {
  const word = typeof value === 'string' ? value.toLowerCase() : null
  return ENFORCEMENT_MODES.find((mode) => mode === word) ?? null
}
