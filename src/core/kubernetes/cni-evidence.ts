// What one manifest says of the CNI that its cluster runs. The agents' DaemonSets and the operators' objects are the
// engine itself; a chart that somebody installs, or a policy that only one engine reads, is a hint.
import type { Route } from '../yaml/types.ts'
import type { Cni } from './cni-profiles.ts'
import { get, items, rootField } from './field.ts'
import type { Field } from './field.ts'
import { ISTIO_CNI_KINDS, ISTIO_CNI_WORD } from './istio-cni-settings.ts'
import { namespaceOf } from './manifest.ts'
import type { Manifest } from './manifest.ts'

export interface Evidence {
  /** `unknown`: an engine for which there is no profile. */
  readonly cni: Cni
  /**
   * `own`: the engine's own object. `installs`: somebody else's order to install it. `reads`: an object that only this
   * engine would read, which says nothing where another engine's own objects stand.
   */
  readonly weight: 'own' | 'installs' | 'reads'
  /** `DaemonSet kube-system/cilium`. */
  readonly name: string
  readonly manifest: Manifest
  readonly route: Route
}

/** Kinds that are read for evidence alone, of this CNI or of Istio's; nothing is judged by them. */
export const EVIDENCE_KINDS: readonly string[] = [
  ...ISTIO_CNI_KINDS,
  'Application',
  'ApplicationSet',
  'ConfigMap',
  'FelixConfiguration',
  'HelmChart',
  'HelmChartConfig',
  'HelmRelease',
  'Installation',
  'Istio',
  'Network',
]

/** A word without which no object of those kinds is evidence: most are told by it, unparsed. */
export const EVIDENCE_WORD = new RegExp(
  `cilium|calico|tigera|canal|antrea|kube-router|vpc-cni|flannel|kube-ovn|ovn-?kubernetes|services-endpoint|${ISTIO_CNI_WORD.source}`,
  'i',
)

/** What a manifest says of the CNI; null where it says nothing. */
export function evidenceOf(manifest: Manifest): Evidence | null {
  const { kind } = manifest
  // Nearly all manifests of a tree end here.
  if (kind !== 'DaemonSet' && !EVIDENCE_KINDS.includes(kind) && readerOf(manifest) === undefined) return null
  const root = rootField(manifest.object)
  const found = readAgent(manifest, root) ?? readObject(manifest, root) ?? readChart(manifest, root)
  if (found === null) return null
  const name = textOf(get(get(root, 'metadata'), 'name')) ?? ''
  const namespace = namespaceOf(manifest.object)
  return {
    ...found,
    name: `${kind} ${namespace === null ? '' : `${namespace}/`}${name}`,
    manifest,
  }
}

type Found = Pick<Evidence, 'cni' | 'weight' | 'route'>

const NAME_ROUTE: Route = ['metadata', 'name']

interface Agent {
  readonly cni: Cni
  readonly daemonSet: RegExp
  /** In the name or the image of a container. */
  readonly container: RegExp
}

/** The first that fits counts: agents that carry policies stand before networks that they are added to. */
const AGENTS: readonly Agent[] = [
  { cni: 'gke-dataplane-v2', daemonSet: /^anetd$/, container: /cilium/ },
  { cni: 'cilium', daemonSet: /^cilium$/, container: /cilium/ },
  { cni: 'canal', daemonSet: /^(rke2-)?canal$/, container: /calico/ },
  { cni: 'calico', daemonSet: /^calico-node$/, container: /calico/ },
  { cni: 'kube-router', daemonSet: /^kube-router$/, container: /kube-router/ },
  { cni: 'antrea', daemonSet: /^antrea-agent$/, container: /antrea/ },
  { cni: 'azure-npm', daemonSet: /^azure-npm$/, container: /npm/ },
  { cni: 'ovn-kubernetes', daemonSet: /^ovnkube-node/, container: /ovn/ },
  { cni: 'aws', daemonSet: /^aws-node$/, container: /aws-eks-nodeagent|aws-network-policy-agent/ },
  // Also a container beside flannel (its chart's netpol.enabled).
  { cni: 'kindnet', daemonSet: /./, container: /kube-network-policies/ },
  { cni: 'kindnet', daemonSet: /^kindnet$/, container: /kindnet/ },
  { cni: 'flannel', daemonSet: /^kube-flannel(-ds)?(-\w+)?$|^flannel$/, container: /flannel/ },
  { cni: 'unknown', daemonSet: /^weave-net$/, container: /weave-npc/ },
  { cni: 'unknown', daemonSet: /^kube-ovn-cni$/, container: /kube-ovn|cni-server/ },
  { cni: 'unknown', daemonSet: /^terway/, container: /terway/ },
]

/** An argument by which an agent leaves policies alone, as the manifests of the AWS CNI do unless asked. */
export const LEAVES_POLICIES_ALONE = /^--(?:enable-network-policy|run-firewall)=(?:false|f|0)$/i

function readAgent({ kind, apiVersion, object }: Manifest, root: Field): Found | null {
  if (kind !== 'DaemonSet' || !apiVersion.startsWith('apps/')) return null
  const name = textOf(get(get(root, 'metadata'), 'name')) ?? ''
  const containers = items(get(get(get(get(root, 'spec'), 'template'), 'spec'), 'containers'))
  for (const { cni, daemonSet, container } of AGENTS) {
    if (!daemonSet.test(name)) continue
    const agent = containers.find((field) =>
      container.test(`${textOf(get(field, 'name')) ?? ''} ${textOf(get(field, 'image')) ?? ''}`),
    )
    if (agent === undefined) continue
    const words = [...items(get(agent, 'command')), ...items(get(agent, 'args'))]
    if (words.some(({ value }) => typeof value === 'string' && LEAVES_POLICIES_ALONE.test(value))) return null
    // The DaemonSet of Calico's operator, seen in a cluster: its dataplane stands in the Installation, and not here.
    const made = cni === 'calico' && namespaceOf(object) === 'calico-system'
    return { cni: withDataplane(cni, object), weight: made ? 'installs' : 'own', route: NAME_ROUTE }
  }
  return null
}

/** The key of Cilium's ConfigMap for the mode in which it enforces policies. */
export const ENFORCEMENT_KEY = 'enable-policy'

/** The keys of Cilium's ConfigMap that anything here goes by; the other one is for the labels of identities. */
const CONFIG_KEYS = [ENFORCEMENT_KEY, 'labels']

/** Policies of one engine, by API group. */
const READERS: Readonly<Record<string, Cni>> = {
  'cilium.io': 'cilium',
  'projectcalico.org': 'calico',
  'crd.projectcalico.org': 'calico',
  'crd.antrea.io': 'antrea',
  'networking.k8s.aws': 'aws',
  // Several engines read these, so that they only tell that there is one.
  'policy.networking.k8s.io': 'unknown',
}

function readerOf(manifest: Manifest): Cni | undefined {
  const group = groupOf(manifest)
  return Object.hasOwn(READERS, group) ? READERS[group] : undefined
}

/** Empty for the core group. */
function groupOf({ apiVersion }: Manifest): string {
  return apiVersion.slice(0, Math.max(0, apiVersion.indexOf('/')))
}

/** Objects that configure an engine, and policies that only one engine reads. */
function readObject(manifest: Manifest, root: Field): Found | null {
  const { kind, object } = manifest
  const group = groupOf(manifest)
  const spec = get(root, 'spec')
  if (group === 'operator.tigera.io' && kind === 'Installation') {
    const dataplane = get(get(spec, 'calicoNetwork'), 'linuxDataplane')
    const known = ['Iptables', 'Nftables', 'BPF', undefined, null]
    const cni = known.some((value) => value === dataplane.value) ? withDataplane('calico', object) : 'unknown'
    return { cni, weight: 'own', route: cni === 'calico' ? NAME_ROUTE : dataplane.route }
  }
  if (group === 'operator.tigera.io' && kind === 'Istio')
    return { cni: 'calico', weight: 'reads', route: NAME_ROUTE }
  if (kind === 'FelixConfiguration' && readerOf(manifest) === 'calico') {
    const cni = withDataplane('calico', object)
    // Without the switch it says that Calico is there, and not which dataplane another object asks for.
    return cni === 'calico'
      ? { cni, weight: 'reads', route: NAME_ROUTE }
      : { cni, weight: 'own', route: ['spec', 'bpfEnabled'] }
  }
  // The address of the API server that Calico needs once it stands in for kube-proxy, which it does with eBPF.
  if (kind === 'ConfigMap' && nameOf(root) === 'kubernetes-services-endpoint')
    return { cni: 'calico-ebpf', weight: 'reads', route: NAME_ROUTE }
  // What Cilium's agent is configured by (Helm chart of Cilium, templates/cilium-configmap.yaml).
  if (kind === 'ConfigMap' && nameOf(root) === 'cilium-config') {
    const set = CONFIG_KEYS.map((key) => get(get(root, 'data'), key)).find(({ value }) => value !== undefined)
    if (set !== undefined) return { cni: 'cilium', weight: 'reads', route: set.route }
  }
  if (kind === 'Network' && /^(operator|config)\.openshift\.io$/.test(group)) {
    const type = [get(get(spec, 'defaultNetwork'), 'type'), get(spec, 'networkType')]
    const ovn = type.find(({ value }) => value === 'OVNKubernetes')
    return ovn === undefined ? null : { cni: 'ovn-kubernetes', weight: 'own', route: ovn.route }
  }
  const reader = readerOf(manifest)
  return reader === undefined ? null : { cni: reader, weight: 'reads', route: NAME_ROUTE }
}

/** Charts by name, without `rke2-`. */
const CHARTS: Readonly<Record<string, Cni>> = {
  cilium: 'cilium',
  'tigera-operator': 'calico',
  calico: 'calico',
  canal: 'canal',
  antrea: 'antrea',
  'kube-router': 'kube-router',
  'aws-vpc-cni': 'aws',
  'ovn-kubernetes': 'ovn-kubernetes',
  flannel: 'flannel',
  'kube-flannel': 'flannel',
  'kube-ovn': 'unknown',
}

function readChart({ kind, apiVersion, object }: Manifest, root: Field): Found | null {
  for (const field of chartFields(kind, root)) {
    const chart = chartName(textOf(field) ?? '')
    const cni = Object.hasOwn(CHARTS, chart) ? CHARTS[chart] : undefined
    if (cni === undefined || !apiVersion.includes('/')) continue
    // The chart of the AWS CNI installs the network, and enforces policies only where its values ask for it.
    if (cni === 'aws' && !/"enableNetworkPolicy\W{1,8}true\b/i.test(JSON.stringify(object))) continue
    return { cni: withDataplane(cni, object), weight: 'installs', route: field.route }
  }
  return null
}

/** Where objects of the tools that install charts name one. */
function chartFields(kind: string, root: Field): readonly Field[] {
  const spec = get(root, 'spec')
  const sources = (app: Field): readonly Field[] => [
    get(get(app, 'source'), 'chart'),
    ...items(get(app, 'sources')).map((source) => get(source, 'chart')),
  ]
  switch (kind) {
    case 'HelmRelease':
      return [get(get(get(spec, 'chart'), 'spec'), 'chart'), get(get(spec, 'chartRef'), 'name')]
    case 'HelmChart':
      return [get(spec, 'chart')]
    case 'HelmChartConfig':
      return [get(get(root, 'metadata'), 'name')]
    case 'Application':
      return sources(spec)
    case 'ApplicationSet':
      return sources(get(get(spec, 'template'), 'spec'))
    default:
      return []
  }
}

/** `oci://registry/charts/cilium`, `https://host/rke2-cilium-1.17.1.tgz` and `cilium` are one chart. */
function chartName(chart: string): string {
  const last = chart.slice(chart.lastIndexOf('/') + 1)
  return last.replace(/(?:-v?\d[^/]*)?\.tgz$/, '').replace(/^rke2-/, '')
}

/** By which Calico's agent turns eBPF on in its environment. */
export const EBPF_SWITCH = 'FELIX_BPFENABLED'

/** Calico enforces where the probe source shows once its dataplane is eBPF: anything that may ask for it counts. */
const ASKS_FOR_EBPF = [
  /linuxDataplane\W{1,8}BPF\b/i,
  /\bbpfEnabled\W{1,8}true\b/i,
  new RegExp(`${EBPF_SWITCH}(?!\\W{1,8}(?:value\\W{1,8})?(?:false|0)\\b)`, 'i'),
]

function withDataplane(cni: Cni, object: Manifest['object']): Cni {
  if (cni !== 'calico' && cni !== 'canal') return cni
  const written = JSON.stringify(object)
  return ASKS_FOR_EBPF.some((pattern) => pattern.test(written)) ? 'calico-ebpf' : cni
}

function nameOf(root: Field): string | null {
  return textOf(get(get(root, 'metadata'), 'name'))
}

function textOf({ value }: Field): string | null {
  return typeof value === 'string' ? value : null
}
