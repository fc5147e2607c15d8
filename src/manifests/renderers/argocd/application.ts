// An Application of Argo CD: its sources as units, and the namespace that it makes
// (docs/user-guide/application-specification.md; pkg/apis/application/v1alpha1/types.go).
import { absent, fault, get, items, rootField } from '../../../core/kubernetes/field.ts'
import type { Field } from '../../../core/kubernetes/field.ts'
import type { Manifest } from '../../../core/kubernetes/manifest.ts'
import type { Problem } from '../../../core/source/problem.ts'
import type { ArgoUnit, Kitchen, Rendering } from '../../unit.ts'
import { managedNamespace } from './namespace.ts'
import { appOf, faultsOf, invalid, textOrNull } from './object.ts'
import type { App, Gathered } from './object.ts'
import { sourceOf } from './source.ts'
import type { Source } from './source.ts'
import { renderSource } from './render-source.ts'

/** The sources of an Application as units of its destination. */
export async function renderApplication(unit: ArgoUnit, kitchen: Kitchen): Promise<Rendering> {
  const cluster = clusterOf(unit.manifest)
  // Told again in the cluster that it goes to, where its namespaces and its problems belong.
  if (cluster !== null)
    return { ...NOTHING, units: [inCluster(unit, cluster)], inputs: inputsOf(unit.manifest) }
  const app = appOf(unit.manifest, unit.namespace)
  const gathered: Gathered = {
    manifests: [],
    units: [],
    problems: [],
    inputs: new Set(inputsOf(unit.manifest)),
  }
  const sources = readSources(app)
  const namespace = managedNamespace(app)
  const wrong = whyInvalid(app)
  if (wrong !== null) return { ...NOTHING, problems: [wrong], inputs: [...gathered.inputs] }
  if (app.spec.faults.length === 0) {
    if (namespace !== null) gathered.manifests.push(namespace)
    for (const source of sources) await renderSource({ app, source, sources, unit, kitchen }, gathered)
  }
  // Reading a source in full finds more: then what was made of it is not believed either.
  const faults = faultsOf(app)
  return {
    manifests: faults.length === 0 ? gathered.manifests : [],
    units: faults.length === 0 ? gathered.units.map((one) => ({ ...one, syncedBy: app.title })) : [],
    problems: [...faults, ...gathered.problems],
    inputs: [...gathered.inputs].sort(),
  }
}

const NOTHING: Rendering = { manifests: [], units: [], problems: [], inputs: [] }

/** The sources that count: sourceHydrator before sources before source (ApplicationSpec.GetSources). */
export function readSources(app: App): readonly Source[] {
  const hydrator = get(app.spec, 'sourceHydrator')
  // What is synced is a branch that Argo CD writes; it holds what the dry source renders to.
  if (!absent(hydrator)) return [sourceOf(get(hydrator, 'drySource'), false)]
  const sources = items(get(app.spec, 'sources'))
  if (sources.length > 0) return sources.map((source) => sourceOf(source, true))
  const source = get(app.spec, 'source')
  if (absent(source)) fault(app.spec, 'it has no source')
  return absent(source) ? [] : [sourceOf(source, false)]
}

/** What makes an Application as a whole one that Argo CD does not apply. */
function whyInvalid(app: App): Problem | null {
  const metadata = get(rootField(app.manifest.object), 'metadata')
  if (absent(app.spec)) return invalid(app, [], 'it has no spec.')
  if (app.name === '') return invalid(app, ['metadata'], 'it has no name.')
  if (!absent(get(metadata, 'deletionTimestamp')))
    return invalid(app, ['metadata', 'deletionTimestamp'], 'it is being deleted.')
  const destination = get(app.spec, 'destination')
  const both = [get(destination, 'server'), get(destination, 'name')].map(textOrNull)
  if (both.every((text) => text !== null))
    return invalid(app, ['spec', 'destination'], 'its destination has both a name and a server.')
  return null
}

/** Where Argo CD itself runs: https://kubernetes.default.svc, or the name in-cluster. */
const OWN_SERVER = /^https:\/\/kubernetes\.default(?:\.svc(?:\.cluster\.local)?)?(?::443)?\/?$/i

/** The cluster that an Application names: by name, else the host of its server; null: where it lives itself. */
export function clusterOf(manifest: Manifest): string | null {
  const destination = get(get(rootField(manifest.object), 'spec'), 'destination')
  const [server, name] = [get(destination, 'server'), get(destination, 'name')].map(textOrNull)
  if (typeof name === 'string' && typeof server === 'string') return null
  if (typeof name === 'string') return name === 'in-cluster' ? null : name
  if (typeof server !== 'string' || OWN_SERVER.test(server)) return null
  return URL.canParse(server) ? new URL(server).hostname : server
}

/** The same Application, as seen from the cluster that it goes to: it names no other. */
export function inCluster(unit: ArgoUnit, cluster: string): ArgoUnit {
  const spec = asMap(unit.manifest.object.spec)
  const { namespace } = asMap(spec.destination)
  const object = { ...unit.manifest.object, spec: { ...spec, destination: { namespace } } }
  return { ...unit, cluster, manifest: { ...unit.manifest, object } }
}

/** The texts that an Application is made of. */
export function inputsOf({ origin }: Manifest): readonly string[] {
  const files = [origin.file, ...(origin.making?.layers ?? []).map(({ file }) => file)]
  return [...new Set(files.map(({ path }) => path))].sort()
}

function asMap(value: Field['value']): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : {}
}
