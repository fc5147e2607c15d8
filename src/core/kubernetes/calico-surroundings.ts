// What of a cluster the policies of Calico speak of, beside pods and their namespaces: network sets, service accounts by
// their labels, Services, and the families of IP addresses. Most policies ask for none of it, and are then read once,
// whatever the cluster holds.
import type { ClusterConfig } from '../config.ts'
import { rootField } from './field.ts'
import { groupKindOf, nameIn } from './identity.ts'
import { readAccountLabels, onlyOnce } from './kinds/calico-accounts.ts'
import type { AccountRef } from './kinds/calico-accounts.ts'
import { readNetworkSet } from './kinds/calico-policy.ts'
import type { CalicoSurroundings, NetworkSetRef } from './kinds/calico-policy.ts'
import type { ServiceRef } from './kinds/calico-services.ts'
import { readService } from './kinds/service.ts'
import { namespaceOf } from './manifest.ts'
import type { Manifest } from './manifest.ts'
import type { Network } from './network.ts'

export const CALICO_GROUPS: readonly string[] = ['projectcalico.org', 'crd.projectcalico.org']

/** `manifests`: one of each identity; `all`: with what is not judged, such as service accounts. */
export function calicoSurroundings(
  manifests: readonly Manifest[],
  all: readonly Manifest[],
  config: ClusterConfig,
  { families }: Network,
): CalicoSurroundings {
  const texts = manifests.filter(isOfCalico).map(({ object }) => JSON.stringify(object))
  const mentions = (word: string): boolean => texts.some((text) => text.includes(word))
  return {
    sets: networkSets(manifests, config),
    accounts: mentions('"serviceAccount') ? accounts(all, config) : [],
    services: mentions('"services"') ? services(manifests, config) : [],
    families,
  }
}

function isOfCalico({ apiVersion, kind }: Manifest): boolean {
  return kind.endsWith('NetworkPolicy') && CALICO_GROUPS.some((group) => apiVersion.startsWith(`${group}/`))
}

function networkSets(manifests: readonly Manifest[], config: ClusterConfig): readonly NetworkSetRef[] {
  return manifests.flatMap((manifest): NetworkSetRef[] => {
    const [group = ''] = manifest.apiVersion.split('/')
    if (!CALICO_GROUPS.includes(group) || !manifest.kind.endsWith('NetworkSet')) return []
    const set = readNetworkSet(rootField(manifest.object))
    return [set.namespace === '' ? { ...set, namespace: config.namespace } : set]
  })
}

/** Those of an assumed baseline give way to those of the tree. */
function accounts(manifests: readonly Manifest[], config: ClusterConfig): readonly AccountRef[] {
  const found = manifests.filter((manifest) => groupKindOf(manifest) === 'v1/ServiceAccount')
  const unreadable = new Set<AccountRef>()
  const read = (assumed: boolean): readonly AccountRef[] =>
    found
      .filter(({ origin }) => origin.editable !== assumed)
      .map((manifest) => {
        const root = rootField(manifest.object)
        const account = {
          namespace: namespaceOf(manifest.object) ?? config.namespace,
          name: nameIn(manifest),
          labels: readAccountLabels(root),
        }
        if (root.faults.length > 0) unreadable.add(account)
        return account
      })
  const isAmong = (some: readonly AccountRef[], one: AccountRef): boolean =>
    some.some(({ namespace, name }) => namespace === one.namespace && name === one.name)
  const own = read(false)
  const shown = [...own, ...read(true).filter((one) => !isAmong(own, one))]
  // The API server refuses labels that are none: which ones the account has in the end is not known.
  const unknown = shown.filter((one) => unreadable.has(one))
  return onlyOnce(shown).filter((one) => !isAmong(unknown, one))
}

function services(manifests: readonly Manifest[], config: ClusterConfig): readonly ServiceRef[] {
  return manifests.flatMap((manifest): ServiceRef[] =>
    groupKindOf(manifest) === 'v1/Service'
      ? [
          {
            namespace: namespaceOf(manifest.object) ?? config.namespace,
            name: nameIn(manifest),
            spec: readService(rootField(manifest.object)),
          },
        ]
      : [],
  )
}
