// CiliumCIDRGroup: blocks that rules of Cilium name by the group. Their CIDRs mean what those of a rule mean, addresses
// that are no pod's and no node's. Sources: cilium/cilium pkg/k8s/apis/cilium.io/v2/cidrgroups_types.go,
// pkg/policy/k8s/cilium_cidr_group.go, pkg/policy/api/cidr.go (CIDRRule).
import { parseAddresses } from '../address-set.ts'
import { absent, describe, fault, get, items, labelsField, nameOf, text } from '../field.ts'
import type { Field } from '../field.ts'
import { describeSelector, holds } from '../labels.ts'
import type { Labels, Selector } from '../labels.ts'
import { asMapping } from './strict-field.ts'
import type { BlockPeer, PolicyPeer } from './policy.ts'

export interface CidrGroup {
  readonly name: string
  readonly labels: Labels
  readonly blocks: readonly BlockPeer[]
}

/** In which versions of `cilium.io` the kind exists. */
export const CIDR_GROUP_VERSIONS: readonly string[] = ['v2', 'v2alpha1']

/** Reads a group; what is invalid is left in the field's faults. */
export function readCidrGroup(root: Field): CidrGroup {
  const metadata = asMapping(get(root, 'metadata'))
  const cidrs = get(asMapping(get(root, 'spec')), 'externalCIDRs')
  // MinItems=0 and Required: an empty list is a group of nobody.
  if (absent(cidrs)) fault(cidrs, `${nameOf(cidrs)} is missing`)
  return {
    name: text(get(metadata, 'name')) ?? '',
    labels: labelsField(get(metadata, 'labels')),
    blocks: items(cidrs).flatMap(readBlock),
  }
}

/** netip.ParsePrefix: a block, and no address alone. */
function readBlock(field: Field): readonly BlockPeer[] {
  const cidr = text(field)
  const addresses = cidr?.includes('/') === true ? parseAddresses(cidr) : null
  if (cidr !== undefined && addresses !== null) return [{ kind: 'block', cidr, except: [], addresses }]
  fault(field, `${nameOf(field)} is ${describe(field.value)}; it must be a block such as 10.0.0.0/8`)
  return []
}

/** Whom `cidrGroupRef` names: nobody knows where the group is not in the tree. */
export function groupByName(name: string, groups: readonly CidrGroup[]): readonly PolicyPeer[] {
  const group = groups.find((one) => one.name === name)
  return group?.blocks ?? [unknownGroup(`CiliumCIDRGroup ${name}`)]
}

/**
 * Whom `cidrGroupSelector` selects. One that asks for labels and finds groups is taken at its word, as a selector of
 * pods is. Cilium asks it of the labels of an address, which all groups of that address share and which may have none:
 * what a selector that excludes means is not known.
 */
export function groupsByLabels(selector: Selector, groups: readonly CidrGroup[]): readonly PolicyPeer[] {
  const found = groups.filter(({ labels }) =>
    selector.every((one) => holds(one, Object.hasOwn(labels, one.key) ? labels[one.key] : undefined)),
  )
  const asks =
    selector.length > 0 && selector.every(({ operator }) => operator === 'In' || operator === 'Exists')
  if (asks && found.length > 0) return found.flatMap(({ blocks }) => blocks)
  return [unknownGroup(`CiliumCIDRGroups ${describeSelector(selector)}`)]
}

function unknownGroup(name: string): PolicyPeer {
  return { kind: 'unknown', name, outside: false }
}
