// A cluster made up for measuring: enrolled namespaces whose policies name ports, and clients in other namespaces.
import type { Manifest } from '../src/core/kubernetes/manifest.ts'

/** Ten workloads and five policies for each namespace; every policy admits peers of the next namespace on one port. */
export function manifests(namespaces: number): readonly Manifest[] {
  return Array.from({ length: namespaces }, (_, index) => [
    object('v1', 'Namespace', { name: name(index), labels: { 'istio.io/dataplane-mode': 'ambient' } }, {}),
    ...Array.from({ length: 10 }, (__, app) => workload(index, app)),
    ...Array.from({ length: 5 }, (__, app) => policy(index, app, (index + 1) % namespaces)),
  ]).flat()
}

function name(index: number): string {
  return `team-${String(index)}`
}

function workload(index: number, app: number): Manifest {
  const labels = { app: `app-${String(app)}` }
  const containers = [
    {
      name: 'main',
      image: 'example',
      ports: [{ containerPort: 8080 }],
      readinessProbe: { tcpSocket: { port: 8080 } },
    },
  ]
  const spec = { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers } } }
  return object('apps/v1', 'Deployment', { name: `app-${String(app)}`, namespace: name(index) }, { spec })
}

function policy(index: number, app: number, next: number): Manifest {
  const spec = {
    podSelector: { matchLabels: { app: `app-${String(app)}` } },
    ingress: [
      {
        from: [
          {
            namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': name(next) } },
            podSelector: { matchLabels: { app: `app-${String(app + 1)}` } },
          },
        ],
        ports: [{ port: 8080, protocol: 'TCP' }],
      },
    ],
  }
  return object(
    'networking.k8s.io/v1',
    'NetworkPolicy',
    { name: `app-${String(app)}`, namespace: name(index) },
    { spec },
  )
}

function object(apiVersion: string, kind: string, metadata: object, rest: object): Manifest {
  const value = { apiVersion, kind, metadata, ...rest }
  const text = JSON.stringify(value)
  const file = { path: `${kind}.json`, text }
  return {
    apiVersion,
    kind,
    object: value,
    origin: { file, document: { index: 0, start: 0, end: text.length, line: 1 }, route: [], editable: true },
  }
}
