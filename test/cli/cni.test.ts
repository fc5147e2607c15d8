// What `check` says of the CNI that it judged for: with its evidence, once, and only where something hangs on it.
import { describe, expect, it } from 'vitest'
import { ambientGuard, folder } from './command.ts'
import { deployment, namespace, policy } from './manifests.ts'

const probed = deployment('api', 'shop', 8080).replace(
  'ports:',
  'readinessProbe: { tcpSocket: { port: 8080 } }\n          ports:',
)
const deny = policy('api', 'shop', 'api', 15008)
const tree = { 'api.yaml': probed, 'ns.yaml': namespace('shop', true), 'np.yaml': deny }
const agent = (name: string, container: string): string =>
  `apiVersion: apps/v1\nkind: DaemonSet\nmetadata:\n  name: ${name}\n  namespace: kube-system\nspec:\n  template:\n    spec:\n      containers:\n        - name: ${container}\n`
const cilium = { 'infra/cilium.yaml': agent('cilium', 'cilium-agent') }
const calico = { 'infra/calico.yaml': agent('calico-node', 'calico-node') }
const flannel = { 'infra/flannel.yaml': agent('kube-flannel-ds', 'kube-flannel') }

/** Printed lines as one, so that wrapping does not matter. */
async function said(files: Readonly<Record<string, string>>, ...more: readonly string[]): Promise<string> {
  const { stdout } = await ambientGuard('check', folder(files), ...more)
  return stdout.replace(/\s+/g, ' ')
}

describe('check and the CNI', () => {
  it('names what shows it, in the finding and once for the cluster', async () => {
    const text = await said({ ...tree, ...cilium })
    const evidence = 'DaemonSet kube-system/cilium, infra/cilium.yaml:4'
    expect(text).toContain(`and enforcement on cilium sees it (${evidence}): the probe fails.`)
    expect(text).toContain(`Judged for cilium (${evidence}).`)
  })

  it('says why it is not known, where something speaks of it', async () => {
    const text = await said({ ...tree, ...cilium, ...calico })
    expect(text).toContain(
      'is not known (DaemonSet kube-system/calico-node, infra/calico.yaml:4, speaks for calico, and DaemonSet kube-system/cilium, infra/cilium.yaml:4, for cilium); set clusters.default.cni',
    )
    expect(text).not.toContain('Judged for')
  })

  it('says the same of probes that one family alone lets in', async () => {
    const half = {
      ...tree,
      '.github/ambient-guard.yml': 'version: 1\nclusters: {default: {ipFamilies: [IPv4, IPv6]}}\n',
      'np.yaml': `${deny}    - from:\n        - ipBlock: { cidr: 169.254.7.127/32 }\n`,
    }
    expect(await said({ ...half, ...cilium })).toContain(
      'Judged for cilium (DaemonSet kube-system/cilium, infra/cilium.yaml:4).',
    )
    expect(await said({ ...half, ...cilium, ...calico })).toContain(
      'is not known (DaemonSet kube-system/calico-node, infra/calico.yaml:4, speaks for calico, and',
    )
    expect(await said({ ...half, ...calico, ...flannel })).toContain(
      'on canal (DaemonSet kube-system/calico-node, infra/calico.yaml:4 and DaemonSet kube-system/kube-flannel-ds, infra/flannel.yaml:4) it is believed not to',
    )
  })

  it('says that probes are not stopped only where the tree, and no setting, decides it', async () => {
    const sentence =
      'Policies do not stop kubelet probes: calico does not see where they come from (DaemonSet kube-system/calico-node, infra/calico.yaml:4).'
    const files = { ...tree, ...calico }
    expect(await said(files)).toContain(sentence)
    expect(await said(files, '--cni', 'calico')).not.toContain('kubelet probes')
    const { 'api.yaml': gone, ...unprobed } = files
    expect(gone).toContain('readinessProbe')
    expect(await said({ ...unprobed, 'api.yaml': deployment('api', 'shop', 8080) })).not.toContain('kubelet')
  })

  it('says that policies have no effect where nothing enforces them', async () => {
    expect(await said({ ...tree, ...flannel })).toContain(
      'NetworkPolicies have no effect: flannel enforces none (DaemonSet kube-system/kube-flannel-ds, infra/flannel.yaml:4).',
    )
    expect(await said(tree, '--cni', 'flannel', '--format', 'markdown')).toContain(
      'NetworkPolicies have no effect: flannel enforces none (the configuration says so).',
    )
    expect(await said({ 'ns.yaml': namespace('shop', true), ...flannel })).not.toContain('no effect')
  })

  it('is silent where nothing hangs on it, and always there in JSON', async () => {
    const open = {
      ...tree,
      'np.yaml': `${deny}    - from:\n        - ipBlock: { cidr: 169.254.7.127/32 }\n`,
      ...cilium,
    }
    expect(await said(open)).not.toContain('cilium')
    const { stdout } = await ambientGuard('check', folder(open), '--format', 'json')
    expect(JSON.parse(stdout)).toMatchObject({
      clusters: [
        { name: 'default', cni: 'cilium', evidence: 'DaemonSet kube-system/cilium, infra/cilium.yaml:4' },
      ],
    })
  })
})
