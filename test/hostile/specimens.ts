// States to mutate: the cases, and real manifests where the corpora are there, their namespaces in Ambient.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findCases } from '../cases/case.ts'
import { corpus } from '../corpora/corpora.ts'

export interface Specimen {
  readonly name: string
  readonly files: ReadonlyMap<string, Buffer>
}

const CASES = join(import.meta.dirname, '../../fixtures/cases')
const AMBIENT = 'istio.io/dataplane-mode: ambient'

/** What each case has before its change, or has at all. */
export function caseSpecimens(): readonly Specimen[] {
  return findCases(CASES).map((name) => {
    const sides = ['both', 'base', 'head'].map((side) => filesBelow(join(CASES, name, side)))
    const [both = [], base = [], head = []] = sides.map((files) => [...files])
    return { name, files: new Map([...both, ...(base.length > 0 ? base : head)]) }
  })
}

/** None of a corpus that is not there. */
export function corpusSpecimens(): readonly Specimen[] {
  return [...boutique(), ...environments(), ...flux()]
}

function boutique(): readonly Specimen[] {
  const root = corpus('online-boutique')
  if (root === null) return []
  const namespace = `apiVersion: v1\nkind: Namespace\nmetadata:\n  name: default\n  labels:\n    ${AMBIENT}\n`
  const files = new Map([
    ['namespace.yaml', Buffer.from(namespace)],
    ...[...filesBelow(join(root, 'kubernetes-manifests'))].filter(([path]) => path !== 'kustomization.yaml'),
    ...[...filesBelow(join(root, 'kustomize/components/network-policies'))].filter(([path]) =>
      path.startsWith('network-policy-'),
    ),
  ])
  // A service and its policy at a time: a shop of eleven takes long.
  const services = [...files.keys()].flatMap((path) => /^network-policy-(\w+)\.yaml$/.exec(path)?.[1] ?? [])
  return services.map((service) => ({
    name: `online-boutique ${service}`,
    files: new Map(
      [...files].filter(
        ([path]) => path === 'namespace.yaml' || path.includes(service) || path === 'frontend.yaml',
      ),
    ),
  }))
}

/** A few of the folders of a platform, each with its namespace and policies. */
function environments(): readonly Specimen[] {
  const archive = corpus('moj-environments.tar.xz')
  if (archive === null) return []
  const root = mkdtempSync(join(tmpdir(), 'ambient-guard-environments-'))
  try {
    const some = ['--wildcards', 'namespaces/live.*/cl*/*.y*ml']
    execFileSync('tar', ['xJf', archive, '-C', root, ...some])
    const [cluster = ''] = readdirSync(join(root, 'namespaces'))
    const folder = join(root, 'namespaces', cluster)
    return readdirSync(folder).map((name) => ({ name, files: inAmbient(filesBelow(join(folder, name))) }))
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}

function flux(): readonly Specimen[] {
  const root = corpus('flux-example')
  return root === null ? [] : [{ name: 'flux-example', files: inAmbient(filesBelow(root)) }]
}

function inAmbient(files: ReadonlyMap<string, Buffer>): ReadonlyMap<string, Buffer> {
  return new Map(
    [...files].map(([path, bytes]) => {
      const text = bytes.toString()
      return [
        path,
        /^kind: Namespace$/m.test(text)
          ? Buffer.from(text.replace(/^ {2}labels:\n( +)/m, `  labels:\n$1${AMBIENT}\n$1`))
          : bytes,
      ]
    }),
  )
}

function filesBelow(root: string): ReadonlyMap<string, Buffer> {
  const there = statSync(root, { throwIfNoEntry: false })?.isDirectory() === true
  const paths = there ? readdirSync(root, { recursive: true, encoding: 'utf8' }).sort() : []
  return new Map(
    paths
      .filter((path) => statSync(join(root, path)).isFile())
      .map((path) => [path, readFileSync(join(root, path))]),
  )
}
