// `assume`: what a cluster holds becomes a file in Git, so it must hold no secret, change only where the cluster did,
// and be judged as the cluster would be.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { JUDGED_KINDS } from '../../src/core/kubernetes/state.ts'
import { K3S_CHART } from '../../src/core/kubernetes/kinds/k3s-chart.ts'
import { WRITER_KINDS } from '../../src/core/kubernetes/kinds/writers.ts'
import { readDocument, splitDocuments } from '../../src/core/yaml/index.ts'
import { writeDocument } from '../../src/core/yaml/write.ts'
import { KEPT } from '../../src/manifests/baseline-fields.ts'
import { ambientGuard, ambientGuardWith, folder } from './command.ts'
import type { Ran } from './command.ts'

const DUMP = readFileSync(join(import.meta.dirname, '../../fixtures/cluster/dump.yaml'), 'utf8')
const assume = (input: string): Promise<Ran> => ambientGuardWith({ input: Readable.from([input]) }, 'assume')

/** The values of the documents of a text. */
function values(text: string): readonly Readonly<Record<string, unknown>>[] {
  return splitDocuments(text).map((document) => {
    const read = readDocument(text, document)
    return read.ok ? (read.value as Readonly<Record<string, unknown>>) : { unreadable: read.message }
  })
}

/** `Kind/name` of each document. */
function names(text: string): readonly string[] {
  return values(text).map(({ kind, metadata }) => `${String(kind)}/${(metadata as { name: string }).name}`)
}

const items = (values(DUMP)[0] as unknown as { readonly items: readonly object[] }).items
const list = (those: readonly object[]): string =>
  JSON.stringify({ apiVersion: 'v1', kind: 'List', items: those })

describe('assume', () => {
  it('keeps one object for each thing that bears on reachability, in order, and says what it left out', async () => {
    const { code, stdout, stderr } = await assume(DUMP)
    expect(code).toBe(0)
    expect(names(stdout)).toEqual([
      'CiliumNetworkPolicy/broker',
      'CronJob/nightly',
      'Deployment/api',
      'Deployment/web',
      'Gateway/way',
      'Namespace/shop',
      'NetworkPolicy/api',
      'Pod/broker-0',
      'Service/api',
      'Service/broker',
    ])
    expect(stderr).toBe(
      'Left out: 1 Deployment, 1 Job, 3 Pods, 1 ReplicaSet that another object of the dump makes; 1 ConfigMap, 1 Secret that say nothing about who reaches whom.\n',
    )
    expect(stdout.split('\n')[1]).toContain('kubectl get ns,netpol,deploy')
  })

  it('lets no planted secret through, and nothing that only the cluster cares about', async () => {
    const { stdout } = await assume(DUMP)
    // Every value in the fixture that could hold a secret says PLANTED, or its base64.
    expect(DUMP.match(/PLANTED/g)?.length).toBeGreaterThan(30)
    expect(stdout).not.toMatch(/PLANTED|UExBTlRFRC/)
    for (const field of ['\nstatus:', 'uid', 'resourceVersion', 'managedFields', 'ownerReferences', 'image'])
      expect(stdout).not.toContain(field)
  })

  it('is judged as the cluster is', async () => {
    const { stdout: baseline } = await assume(DUMP)
    const root = folder({
      '.github/ambient-guard.yml':
        'version: 1\nclusters: {prod: {cni: kindnet, assume: {manifests: [.ambient/baseline.yaml]}}}\n',
      '.ambient/baseline.yaml': baseline,
      // What the pull request of the day is about: it admits the monitoring, to the same pods.
      'monitoring.yaml':
        'apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: monitoring, namespace: shop}\nspec:\n  podSelector: {matchLabels: {app: api}}\n  ingress: [{from: [{ipBlock: {cidr: 192.0.2.1/32}}], ports: [{port: 9999}]}]\n',
    })
    const judge = async (cni: string, told: readonly string[]): Promise<Record<string, unknown>[]> => {
      const { stdout } = await ambientGuard('check', root, '--base', 'none', '--format', 'json', '--cni', cni)
      const report = JSON.parse(stdout) as {
        findings: Record<string, unknown>[]
        problems: { code: string }[]
      }
      expect(report.problems.map(({ code }) => code)).toEqual(told)
      return report.findings
    }
    // web may call api on 8080 and is not let in on 15008; broker has a sidecar, no policy.
    const hbone = {
      rule: 'hbone-ingress',
      severity: 'error',
      workload: 'Deployment/shop/api',
      peers: ['Deployment/shop/web'],
    }
    // Nobody enforces the policy of Cilium there.
    expect(await judge('kindnet', ['policy-not-evaluated'])).toMatchObject([hbone])
    // The readiness probe by the name of its port, and the httpGet hook; the exec probe and hook say nothing.
    const probe = { rule: 'kubelet-probe', workload: 'Deployment/shop/api' }
    // It does there, in a namespace of which the dump shows nothing else.
    expect(await judge('cilium', ['namespace-not-described'])).toMatchObject([
      hbone,
      { ...probe, port: 8080 },
      { ...probe, port: 8081 },
    ])
  })

  it('makes of a baseline the same baseline', async () => {
    const { stdout: once } = await assume(DUMP)
    const { stdout: twice, stderr } = await assume(once)
    expect(twice).toBe(once)
    expect(stderr).toBe('')
  })

  it('does not depend on the order of objects or of their keys, nor on YAML or JSON', async () => {
    const { stdout: wanted } = await assume(DUMP)
    expect((await assume(list(items))).stdout).toBe(wanted)
    expect((await assume(items.map((item) => JSON.stringify(item)).join('\n---\n'))).stdout).toBe(wanted)
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray([...items], { minLength: items.length }), async (shuffled) => {
        expect((await assume(list(shuffled.map(backwards) as object[]))).stdout).toBe(wanted)
      }),
      { numRuns: 10 },
    )
  })

  it('keeps a pod whose controller is not in the dump, and a ReplicaSet in place of its pods', async () => {
    const of = (name: string): object[] =>
      items.filter((item) => (item as { metadata: { name: string } }).metadata.name === name)
    const { stdout } = await assume(
      list([...of('api-6c9d5b7f4'), ...of('api-6c9d5b7f4-x2x8p'), ...of('web-7f9c8d6b5-qqwzr')]),
    )
    expect(names(stdout)).toEqual(['Pod/web-7f9c8d6b5-qqwzr', 'ReplicaSet/api-6c9d5b7f4'])
  })

  it('keeps what another controller than Istio made for a Gateway', async () => {
    const other = items.map(
      (item) => JSON.parse(JSON.stringify(item).replace('istio-waypoint', 'envoy')) as object,
    )
    expect(names((await assume(list(other))).stdout)).toContain('Deployment/way')
  })

  it('reads a List that is longer than any document of a repository may be', async () => {
    const filler = Array.from({ length: 60 }, (_, index) => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: `big-${String(index)}` },
      data: { text: 'x'.repeat(100_000) },
    }))
    const big = DUMP.replace('items:\n', `items:\n${filler.map(asItem).join('')}`)
    const { stdout, stderr } = await assume(big)
    expect(stdout).toBe((await assume(DUMP)).stdout)
    expect(stderr).toContain('61 ConfigMap')
    const json = await assume(list([...filler, ...items]))
    expect(json.stdout).toBe(stdout)
  })

  it.each([
    ['nothing', '', 'Standard input is empty.'],
    ['broken YAML', 'apiVersion: v1\nkind: List\nitems: [\n', 'this is not readable YAML'],
    ['what is no object', `${DUMP}---\nhello\n`, 'the document there is no Kubernetes object'],
    [
      'objects that bear on nothing',
      '{"apiVersion":"v1","kind":"Secret","metadata":{"name":"a"}}',
      'holds no objects',
    ],
    ['an empty List', list([]), 'holds no objects'],
    [
      'two clusters',
      list([...items, { ...items[3], spec: {} }]),
      'different objects of one name: Deployment shop/api',
    ],
  ])('writes nothing for %s, and says so in a sentence', async (_, input, said) => {
    const { code, stdout, stderr } = await assume(input)
    expect(code).toBe(2)
    expect(stdout).toBe('')
    expect(stderr).toContain(said)
    expect(stderr).toMatch(/^(Left out: .*\n)?ambient-guard: Standard input.*\.\n$/)
  })

  it('knows every kind that is read anywhere', () => {
    const known = new Set(Object.keys(KEPT).map((groupKind) => groupKind.replace(/^.*\//, '')))
    // What rules of Kyverno and charts make is in the dump itself.
    const expected = JUDGED_KINDS.filter((kind) => !WRITER_KINDS.includes(kind) && kind !== K3S_CHART)
    expect(expected.filter((kind) => !known.has(kind))).toEqual([])
  })

  it('keeps the switches of CNI agents, and nothing beside them', async () => {
    const agent = (name: string, container: object): object => ({
      apiVersion: 'apps/v1',
      kind: 'DaemonSet',
      metadata: { name, namespace: 'kube-system' },
      spec: { template: { spec: { containers: [{ name, ...container }] } } },
    })
    const secret = { name: 'TOKEN', value: 'PLANTED' }
    const judged = async (those: readonly object[]): Promise<unknown> => {
      const { stdout } = await assume(list(those))
      expect(stdout).not.toContain('PLANTED')
      const root = folder({
        'baseline.yaml': stdout,
        'ns.yaml': 'apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n',
      })
      const report = await ambientGuard('check', root, '--format', 'json')
      return (JSON.parse(report.stdout) as { clusters: { cni: string }[] }).clusters[0]?.cni
    }
    const ebpf = (value: object): object => ({ env: [secret, { name: 'FELIX_BPFENABLED', ...value }] })
    const felix = {
      apiVersion: 'crd.projectcalico.org/v1',
      kind: 'FelixConfiguration',
      metadata: { name: 'default' },
    }
    expect(await judged([agent('calico-node', ebpf({ value: 'true' }))])).toBe('calico-ebpf')
    expect(await judged([agent('calico-node', ebpf({ value: 'false' }))])).toBe('calico')
    expect(
      await judged([agent('calico-node', ebpf({ valueFrom: { secretKeyRef: { name: 'PLANTED' } } }))]),
    ).toBe('calico-ebpf')
    expect(await judged([agent('calico-node', {}), { ...felix, spec: { bpfEnabled: true } }])).toBe(
      'calico-ebpf',
    )
    expect(await judged([agent('kube-router', { args: ['--run-firewall=false', '--key=PLANTED'] })])).toBe(
      'unknown',
    )
    expect(await judged([agent('kube-router', { args: ['--run-firewall=true'] })])).toBe('kube-router')
  })

  it('writes scalars so that they read back as what they were', () => {
    fc.assert(
      fc.property(fc.oneof(ODD, fc.string({ unit: 'grapheme' }), fc.integer(), fc.boolean()), (value) => {
        const text = writeDocument({ labels: { [`k${String(value)}`]: value }, list: [value, { value }] })
        expect(values(text)).toEqual([{ labels: { [`k${String(value)}`]: value }, list: [value, { value }] }])
      }),
    )
  })
})

/** What a careless writer would leave without quotes. */
const ODD = fc.constantFrom(
  'yes',
  'on',
  'null',
  '~',
  '',
  '1.10',
  '012',
  '0x1F',
  '1_000',
  '12e3',
  '1:30',
  '2026-01-01',
  '- a',
  'a: b',
  '# c',
  '{}',
  '*a',
  '&a',
  '!b',
  '%',
  '@',
  '`',
  "'",
  '"',
  ' a',
  'a ',
  '---',
  '=',
  '<<',
)

/** The same value with the keys of every mapping in the other order. */
function backwards(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(backwards)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .map(([key, inner]): [string, unknown] => [key, backwards(inner)])
      .reverse(),
  )
}

/** As kubectl prints an item of a List. */
function asItem(value: object): string {
  return writeDocument(value).replace(/^/gm, '  ').replace(/^ {2}/, '- ').trimEnd() + '\n'
}
