// Clusters made up for measuring, and what one analysis of them costs: two thirds of the namespaces are enrolled, and
// every policy limits ports, in the ways that policies do.
import { fork } from 'node:child_process'
import { join } from 'node:path'
import { analyze } from '../src/core/index.ts'
import { DEFAULT_CONFIG } from '../src/core/config.ts'
import type { ClusterConfig } from '../src/core/config.ts'
import type { Manifest } from '../src/core/kubernetes/manifest.ts'
import { say } from './measure.ts'

/** Namespaces of one team: a cluster twice as large has twice as many teams. */
const TEAM = 10
const PORTS = [{ port: 8080 }]

/** Prints time and memory for 2,000 namespaces, 20,000 workloads and 10,000 policies, and for twice as much. */
export async function synthetic(): Promise<void> {
  const [one, two] = [await measured(2000), await measured(4000)]
  for (const [size, { milliseconds, megabytes, findings }] of [
    ['20,000 workloads, 10,000 policies', one],
    ['twice as much', two],
  ] as const) {
    const took = `${(milliseconds / 1000).toFixed(1)} s of processor time`
    say(`synthetic, ${size}: ${took}, peak ${String(megabytes)} MB, ${String(findings)} findings`)
  }
  say(`synthetic, ratio: ${(two.milliseconds / one.milliseconds).toFixed(2)}`)
}

interface Cost {
  readonly milliseconds: number
  readonly megabytes: number
  readonly findings: number
}

/** In a process of its own, so that the memory is that of one analysis. */
function measured(namespaces: number): Promise<Cost> {
  return new Promise((resolve, reject) => {
    const child = fork(join(import.meta.dirname, 'bench.ts'), ['synthetic', String(namespaces)])
    child.once('message', (cost) => {
      resolve(cost as Cost)
    })
    child.once('error', reject)
  })
}

/** What the process that `synthetic` starts does. */
export function analyseOnce(namespaces: number): void {
  const given = manifests(namespaces)
  const start = process.cpuUsage()
  const { findings } = analyze(DEFAULT_CONFIG.clusters[0] as ClusterConfig, {}, given)
  const { user, system } = process.cpuUsage(start)
  process.send?.({
    milliseconds: (user + system) / 1000,
    megabytes: Math.round(process.resourceUsage().maxRSS / 1024),
    findings: findings.length,
  } satisfies Cost)
}

/** Ten workloads and five policies for each namespace. */
function manifests(namespaces: number): readonly Manifest[] {
  return Array.from({ length: namespaces }, (_, index) => [
    namespace(index),
    ...Array.from({ length: 10 }, (__, app) => workload(index, app)),
    ...rulesOf(index, namespaces).map((spec, app) => policy(index, app, spec)),
  ]).flat()
}

/** A neighbour by name, a team, one kind of pod wherever it runs, anybody, and another team by the name of a port. */
function rulesOf(index: number, namespaces: number): readonly object[] {
  const next = { matchLabels: { 'kubernetes.io/metadata.name': name((index + 1) % namespaces) } }
  const team = { matchLabels: { team: `team-${String(Math.floor(((index + TEAM) % namespaces) / TEAM))}` } }
  const web = { podSelector: { matchLabels: { app: 'app-3' } } }
  return [
    { ingress: [{ from: [{ namespaceSelector: next }], ports: PORTS }] },
    { ingress: [{ from: [{ namespaceSelector: team, ...web }], ports: PORTS }] },
    { ingress: [{ from: [{ namespaceSelector: {}, ...web }], ports: PORTS }] },
    { ingress: [{ ports: PORTS }] },
    { policyTypes: ['Egress'], egress: [{ to: [{ namespaceSelector: team }], ports: [{ port: 'http' }] }] },
  ]
}

function name(index: number): string {
  return `space-${String(index)}`
}

function namespace(index: number): Manifest {
  const mode = index % 3 === 0 ? {} : { 'istio.io/dataplane-mode': 'ambient' }
  const labels = { team: `team-${String(Math.floor(index / TEAM))}`, ...mode }
  return object('v1', 'Namespace', { name: name(index), labels }, {})
}

function workload(index: number, app: number): Manifest {
  const labels = { app: `app-${String(app)}` }
  const containers = [
    {
      name: 'main',
      image: 'example',
      ports: [{ containerPort: 8080, name: 'http' }],
      readinessProbe: { tcpSocket: { port: 8080 } },
    },
  ]
  const spec = { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers } } }
  return object('apps/v1', 'Deployment', { name: `app-${String(app)}`, namespace: name(index) }, { spec })
}

function policy(index: number, app: number, rules: object): Manifest {
  const metadata = { name: `app-${String(app)}`, namespace: name(index) }
  const spec = { podSelector: { matchLabels: { app: `app-${String(app)}` } }, ...rules }
  return object('networking.k8s.io/v1', 'NetworkPolicy', metadata, { spec })
}

function object(apiVersion: string, kind: string, metadata: object, rest: object): Manifest {
  const value = { apiVersion, kind, metadata, ...rest }
  const text = JSON.stringify(value)
  const file = { path: `${kind}.json`, text }
  return {
    apiVersion,
    kind,
    object: value,
    origin: {
      file,
      document: { index: 0, start: 0, end: text.length, line: 1 },
      route: [],
      editable: true,
      making: null,
    },
  }
}
