// Objects inside of others, of which a controller that is not followed here makes what is in the cluster. They are not
// judged: parameters, templates and the cluster that is meant are that controller's to know.
import { createHash } from 'node:crypto'
import { nameIn, titleOf } from '../core/kubernetes/identity.ts'
import { namespaceOf } from '../core/kubernetes/manifest.ts'
import type { Manifest } from '../core/kubernetes/manifest.ts'
import { placeOf } from '../core/kubernetes/origin.ts'
import { POLICY_KIND_NAMES } from '../core/kubernetes/policies.ts'
import { JUDGED_KINDS, isJudged } from '../core/kubernetes/state.ts'
import { compareText } from '../core/source/problem.ts'
import type { Problem } from '../core/source/problem.ts'
import { isCarrier } from './controllers.ts'

/** A problem for each object that carries others that would be judged. */
export function carriedObjects(manifests: readonly Manifest[]): readonly Problem[] {
  return manifests.filter(isCarrier).flatMap((carrier): readonly Problem[] => {
    const carried = [...within(carrier.object, carrier)]
    if (carried.length === 0) return []
    const { object, origin } = carrier
    const names = unique(carried.map(({ name }) => name))
    const more = names.length > MOST_NAMES ? ` and ${String(names.length - MOST_NAMES)} more` : ''
    return [
      {
        ...placeOf(origin, []),
        code: 'carried-objects',
        class: 'unseen',
        message: `${titleOf(carrier)} holds objects that are not judged: ${names.slice(0, MOST_NAMES).join(', ')}${more}.`,
        remedy: 'State what is made of it under `assume`, and leave it out with ignorePaths.',
        hides: { namespaces: hidden(carrier, carried) },
        steering: createHash('sha256').update(JSON.stringify(object)).digest('hex'),
      },
    ]
  })
}

const MOST_NAMES = 5

/** A template is made use of by hand, or not at all: as long as it names no namespace, it is about none. */
function hidden({ kind }: Manifest, carried: readonly Carried[]): Problem['hides']['namespaces'] {
  const isAnywhere =
    kind !== 'Template' && carried.some(({ namespace, binds }) => binds && namespace === null)
  return isAnywhere ? 'all' : unique(carried.flatMap(({ namespace }) => namespace ?? []))
}

interface Carried {
  /** Its kind and name. */
  readonly name: string
  /** null where it is given by a parameter, or by nobody. */
  readonly namespace: string | null
  /** Is it a Namespace or a policy, and not one of those whom they are about? */
  readonly binds: boolean
}

/** Whatever inside of a value looks like an object that is judged; in texts, too, of which templates are made. */
function* within(value: unknown, carrier: Manifest): Generator<Carried> {
  if (typeof value === 'string') {
    for (const [, kind = ''] of value.matchAll(IN_A_TEXT))
      yield { name: kind, namespace: null, binds: binds(kind) }
    return
  }
  if (typeof value !== 'object' || value === null) return
  const object = value as Readonly<Record<string, unknown>>
  const { apiVersion, kind, metadata } = object
  // What is only named, as an owner or a target is, has neither labels nor a name of its own.
  const isWhole = typeof metadata === 'object' && metadata !== null
  if (isWhole && typeof apiVersion === 'string' && typeof kind === 'string') {
    const found = { ...carrier, apiVersion, kind, object }
    if (isJudged(found)) {
      const name = nameIn(found)
      const namespace = kind === 'Namespace' ? name : namespaceOf(object)
      yield {
        name: `${kind} ${name}`.trimEnd(),
        namespace: isLiteral(namespace) ? namespace : null,
        binds: binds(kind),
      }
    }
  }
  for (const inner of Object.values(object)) yield* within(inner, carrier)
}

const IN_A_TEXT = new RegExp(`^[ \\t-]*kind:[ \\t]*["']?(${JUDGED_KINDS.join('|')})\\b`, 'gm')

function binds(kind: string): boolean {
  return kind === 'Namespace' || POLICY_KIND_NAMES.includes(kind)
}

function isLiteral(namespace: string | null): namespace is string {
  return namespace !== null && /^[a-z0-9][a-z0-9-]*$/.test(namespace)
}

function unique(names: readonly string[]): readonly string[] {
  return [...new Set(names)].sort(compareText)
}
