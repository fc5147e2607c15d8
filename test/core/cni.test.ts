// Which CNI a tree speaks of, through the parser: what counts as the engine's own object, what as a hint, and that
// no hint ever silences.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DEFAULT_CONFIG } from '../../src/core/config.ts'
import type { ClusterConfig } from '../../src/core/config.ts'
import { networkOf } from '../../src/core/kubernetes/network.ts'
import type { Network } from '../../src/core/kubernetes/network.ts'
import { parseFile } from '../../src/manifests/parse.ts'

const CONFIG = DEFAULT_CONFIG.clusters[0] as ClusterConfig

/** The network that these files show. */
function networkIn(...files: readonly string[]): Network {
  const manifests = files.flatMap(
    (text, index) =>
      parseFile(`${String(index)}.yaml`, new TextEncoder().encode(text), {
        editable: true,
        configMaps: false,
      }).manifests,
  )
  return networkOf(CONFIG, manifests)
}

const daemonSet = (name: string, container: string, more = ''): string =>
  `apiVersion: apps/v1
kind: DaemonSet
metadata: {name: ${name}, namespace: kube-system}
spec:
  selector: {matchLabels: {k8s-app: ${name}}}
  template:
    metadata: {labels: {k8s-app: ${name}}}
    spec:
      containers: [{name: ${container}, image: "registry.example/${container}:1"${more}}]
`
const object = (apiVersion: string, kind: string, spec: string, name = 'default'): string =>
  `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: {name: ${name}}\nspec: ${spec}\n`
const release = (chart: string, values = '{}'): string =>
  object('helm.toolkit.fluxcd.io/v2', 'HelmRelease', `{chart: {spec: {chart: ${chart}}}, values: ${values}}`)

const CILIUM = daemonSet('cilium', 'cilium-agent')
const CALICO = daemonSet('calico-node', 'calico-node')
const FLANNEL = daemonSet('kube-flannel-ds', 'kube-flannel')
const INSTALLATION = 'operator.tigera.io/v1'

describe('an engine’s own objects', () => {
  it.each([
    ['cilium', CILIUM],
    ['cilium', daemonSet('cilium', 'agent', '').replace('registry.example/agent', 'quay.io/cilium/cilium')],
    ['gke-dataplane-v2', daemonSet('anetd', 'cilium-agent')],
    ['calico', CALICO],
    [
      'calico-ebpf',
      daemonSet('calico-node', 'calico-node', ', env: [{name: FELIX_BPFENABLED, value: "true"}]'),
    ],
    ['calico', daemonSet('calico-node', 'calico-node', ', env: [{name: FELIX_BPFENABLED, value: "false"}]')],
    // What a value from elsewhere holds is not known, and it may be yes.
    [
      'calico-ebpf',
      daemonSet('calico-node', 'calico-node', ', env: [{name: FELIX_BPFENABLED, valueFrom: {}}]'),
    ],
    ['canal', daemonSet('rke2-canal', 'calico-node')],
    ['kube-router', daemonSet('kube-router', 'kube-router')],
    ['antrea', daemonSet('antrea-agent', 'antrea-agent')],
    ['azure-npm', daemonSet('azure-npm', 'azure-npm')],
    ['ovn-kubernetes', daemonSet('ovnkube-node', 'ovnkube-controller')],
    ['aws', daemonSet('aws-node', 'aws-eks-nodeagent', ', args: [--enable-network-policy=true]')],
    ['kindnet', daemonSet('kindnet', 'kindnet-cni')],
    ['kindnet', daemonSet('kube-network-policies', 'kube-network-policies')],
    ['flannel', FLANNEL],
    ['calico', object(INSTALLATION, 'Installation', '{}')],
    ['calico', object(INSTALLATION, 'Installation', '{calicoNetwork: {linuxDataplane: Iptables}}')],
    ['calico-ebpf', object(INSTALLATION, 'Installation', '{calicoNetwork: {linuxDataplane: BPF}}')],
    ['calico-ebpf', object('projectcalico.org/v3', 'FelixConfiguration', '{bpfEnabled: true}')],
    ['ovn-kubernetes', object('config.openshift.io/v1', 'Network', '{networkType: OVNKubernetes}')],
    [
      'ovn-kubernetes',
      object('operator.openshift.io/v1', 'Network', '{defaultNetwork: {type: OVNKubernetes}}'),
    ],
    ['calico', `apiVersion: v1\nkind: List\nitems:\n  - ${CALICO.trimEnd().replaceAll('\n', '\n    ')}\n`],
  ])('are believed: %s', (cni, text) => {
    expect(networkIn(text)).toMatchObject({ cni, basis: 'own-objects' })
  })

  it.each([
    ['a DaemonSet of the name that runs something else', daemonSet('calico-node', 'exporter')],
    ['the AWS CNI without its agent', daemonSet('aws-node', 'aws-node')],
    [
      'the agent told to leave policies alone',
      daemonSet('aws-node', 'aws-eks-nodeagent', ', args: [--enable-network-policy=false]'),
    ],
    [
      'kube-router for routes alone',
      daemonSet('kube-router', 'kube-router', ', args: [--run-firewall=false]'),
    ],
    ['an engine without a profile', daemonSet('weave-net', 'weave-npc')],
    [
      'a dataplane without one',
      object(INSTALLATION, 'Installation', '{calicoNetwork: {linuxDataplane: VPP}}'),
    ],
    [
      'the DaemonSet that Calico’s operator makes, without its Installation',
      CALICO.replace('kube-system', 'calico-system'),
    ],
    ['an Installation of another group', object('getporter.org/v1', 'Installation', '{bundle: calico}')],
    ['a FelixConfiguration that does not say', object('projectcalico.org/v3', 'FelixConfiguration', '{}')],
  ])('are not taken for one: %s', (_what, text) => {
    expect(networkIn(text)).toMatchObject({ cni: 'unknown', basis: 'nothing', seesProbeSource: 'unknown' })
  })
})

describe('charts', () => {
  const app = (spec: string): string => object('argoproj.io/v1alpha1', 'Application', spec)
  it.each([
    ['a HelmRelease', release('cilium')],
    [
      'a HelmRelease by reference',
      object('helm.toolkit.fluxcd.io/v2', 'HelmRelease', '{chartRef: {kind: OCIRepository, name: cilium}}'),
    ],
    ['an Application', app('{source: {chart: cilium}}')],
    ['an Application of several sources', app('{sources: [{ref: values}, {chart: cilium}]}')],
    [
      'an ApplicationSet',
      object('argoproj.io/v1alpha1', 'ApplicationSet', '{template: {spec: {source: {chart: cilium}}}}'),
    ],
    [
      'a HelmChart of k3s',
      object('helm.cattle.io/v1', 'HelmChart', '{chart: https://charts.example/rke2-cilium-1.17.1.tgz}'),
    ],
    [
      'a HelmChart of a registry',
      object('helm.cattle.io/v1', 'HelmChart', '{chart: oci://registry.example/charts/cilium}'),
    ],
    ['a HelmChartConfig of RKE2', object('helm.cattle.io/v1', 'HelmChartConfig', '{}', 'rke2-cilium')],
  ])('are hints: %s', (_what, text) => {
    expect(networkIn(text)).toMatchObject({
      cni: 'cilium',
      basis: 'hint',
      seesProbeSource: 'yes',
      blocksMatchPods: 'perhaps',
    })
  })

  it('of the AWS CNI enforce policies where their values ask for it', () => {
    expect(networkIn(release('aws-vpc-cni')).seesProbeSource).toBe('unknown')
    expect(networkIn(release('aws-vpc-cni', '{enableNetworkPolicy: "true"}')).cni).toBe('aws')
  })

  it('stay hints beside policies that any engine may read', () => {
    const admin = object('policy.networking.k8s.io/v1alpha1', 'AdminNetworkPolicy', '{}')
    expect(networkIn(release('cilium'), admin)).toMatchObject({ cni: 'cilium', basis: 'hint' })
  })

  it('of Calico with eBPF see the probe source', () => {
    const values = '{installation: {calicoNetwork: {linuxDataplane: BPF}}}'
    expect(networkIn(release('tigera-operator', values))).toMatchObject({ cni: 'calico-ebpf', basis: 'hint' })
  })
})

describe('the evidence', () => {
  it('is shown with its place', () => {
    expect(networkIn(release('grafana'), CILIUM)).toMatchObject({
      because: 'DaemonSet kube-system/cilium, 1.yaml:3',
      at: { path: '1.yaml', line: 3 },
    })
    expect(networkIn(CALICO, FLANNEL).because).toBe(
      'DaemonSet kube-system/calico-node, 0.yaml:3 and DaemonSet kube-system/kube-flannel-ds, 1.yaml:3',
    )
    expect(networkIn(CALICO, CILIUM).because).toBe(
      'DaemonSet kube-system/calico-node, 0.yaml:3, speaks for calico, and DaemonSet kube-system/cilium, 1.yaml:3, for cilium',
    )
    expect(networkIn(release('calico')).because).toBe(
      'HelmRelease default, 0.yaml:4, speaks for calico, which is no proof',
    )
    expect(networkIn()).toMatchObject({ because: 'nothing in the tree says which', at: null })
  })

  it('gives way to the configuration', () => {
    const network = networkOf(
      { ...CONFIG, cni: 'calico' },
      parseFile('a.yaml', new TextEncoder().encode(CILIUM), { editable: true, configMaps: false }).manifests,
    )
    expect(network).toMatchObject({
      cni: 'calico',
      basis: 'configuration',
      because: 'the configuration says so',
      at: null,
    })
  })
})

const HINTS: readonly string[] = [
  ...['cilium', 'tigera-operator', 'canal', 'antrea', 'kube-router', 'flannel', 'kube-ovn'].map((chart) =>
    release(chart),
  ),
  object('cilium.io/v2', 'CiliumNetworkPolicy', '{}'),
  object('projectcalico.org/v3', 'NetworkPolicy', '{}'),
  object('projectcalico.org/v3', 'FelixConfiguration', '{}'),
  object('crd.antrea.io/v1beta1', 'ClusterNetworkPolicy', '{}'),
  object('policy.networking.k8s.io/v1alpha1', 'AdminNetworkPolicy', '{}'),
]
const ENGINES: readonly string[] = [
  CILIUM,
  CALICO,
  daemonSet('kube-router', 'kube-router'),
  daemonSet('weave-net', 'weave-npc'),
]

describe('whatever a tree holds', () => {
  it('hints silence nothing', () => {
    fc.assert(
      fc.property(fc.subarray([...HINTS]), (texts) => {
        const { seesProbeSource, blocksMatchPods, stages } = networkIn(...texts)
        expect(['yes', 'unknown']).toContain(seesProbeSource)
        expect([true, 'perhaps']).toContain(blocksMatchPods)
        expect(stages.length).toBeGreaterThan(0)
      }),
    )
  })

  it('a network without an engine enforces nothing only where nothing hints at one', () => {
    fc.assert(
      fc.property(
        fc.subarray(
          HINTS.filter((text) => !text.includes('flannel')),
          { minLength: 1 },
        ),
        (texts) => {
          const { seesProbeSource, stages } = networkIn(FLANNEL, ...texts)
          expect(['yes', 'unknown']).toContain(seesProbeSource)
          expect(stages.length).toBeGreaterThan(0)
        },
      ),
    )
  })

  it('two engines are unknown, and the order of files does not matter', () => {
    fc.assert(
      fc.property(fc.subarray([...ENGINES], { minLength: 2 }), fc.subarray([...HINTS]), (own, hints) => {
        expect(networkIn(...own, ...hints)).toMatchObject({
          cni: 'unknown',
          seesProbeSource: 'unknown',
          blocksMatchPods: true,
        })
        const { cni, basis, seesProbeSource } = networkIn(...hints, own[0] ?? '')
        expect(networkIn(own[0] ?? '', ...[...hints].reverse())).toMatchObject({
          cni,
          basis,
          seesProbeSource,
        })
      }),
    )
  })
})
