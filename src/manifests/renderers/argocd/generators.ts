// Generators of an ApplicationSet: lists, directories and files of this tree, and the matrix of two of them. The others
// ask clusters and services that we do not (applicationset/generators; docs/operator-manual/applicationset).
import {
  absent,
  fault,
  get,
  items,
  labelsField,
  nameOf,
  selectorField,
  text,
} from '../../../core/kubernetes/field.ts'
import type { Field } from '../../../core/kubernetes/field.ts'
import { matches } from '../../../core/kubernetes/labels.ts'
import { readDocument, splitDocuments } from '../../../core/yaml/index.ts'
import type { Route } from '../../../core/yaml/types.ts'
import { gitParams } from './git-generator.ts'
import { replaceIn } from './template.ts'
import type { Params } from './template.ts'
import { MAX_APPLICATIONS, flat, give, isMap, spend } from './world.ts'
import type { World } from './world.ts'

/** One generator: its kind, and what is written below it. */
export interface Generator {
  readonly kind: string
  readonly field: Field
  readonly selector: Field
}

/** The generators that one item of a list of generators holds: mostly one, in the order in which Argo CD asks them. */
export function generatorsIn(item: Field): readonly Generator[] {
  if (typeof item.value !== 'object' || item.value === null || Array.isArray(item.value)) {
    fault(item, `${nameOf(item)} must be a mapping`)
    return []
  }
  const selector = get(item, 'selector')
  return Object.keys(item.value)
    .filter((kind) => kind !== 'selector' && !absent(get(item, kind)))
    .map((kind) => ({ kind, field: get(item, kind), selector }))
}

/** The parameters of each Application; null where they are not known, which is among the troubles. */
export function paramsOf(
  { kind, field, selector }: Generator,
  from: Params,
  world: World,
  level: number,
): readonly Params[] | null {
  // Inside a matrix, the parameters of the first generator go into the second; only the outermost has a template.
  const written = isMap(field.value) ? without(field.value, 'template') : field.value
  const replaced = replaceIn(written, from, world.syntax)
  if (!replaced.ok) {
    const code = replaced.kind === 'failed' ? 'invalid-applicationset' : 'template-not-supported'
    return give(world, code, field.route, `has a generator that asks for ${replaced.why}`)
  }
  const inside = { ...field, value: replaced.value }
  const before = field.faults.length
  const params = produce(kind, inside, world, level)
  // Argo CD fails on all of a generator that is wrong in one place.
  if (params === null || field.faults.length > before) return null
  if (absent(selector)) return params
  const wanted = selectorField(selector)
  return params.filter((some) => matches(wanted, flat(some)))
}

function produce(kind: string, field: Field, world: World, level: number): readonly Params[] | null {
  if (kind === 'list') return listParams(field, world)
  if (kind === 'git') return gitParams(field, world)
  if (kind === 'matrix' && level < 2) return matrixParams(field, world, level)
  return give(
    world,
    'generator-not-supported',
    field.route,
    `has a generator of the kind ${kind}, which is not evaluated here`,
  )
}

/** applicationset/generators/list.go: in the older syntax every value is text, or a mapping `values` of texts. */
function listParams(list: Field, world: World): readonly Params[] | null {
  const elements = items(get(list, 'elements'))
  if (elements.length > MAX_APPLICATIONS) return tooMany(world, list.route, elements.length)
  const found = elements.map((element) => (world.syntax.isGo ? mapOf(element) : textsOf(element)))
  const more = text(get(list, 'elementsYaml')) ?? ''
  const document = splitDocuments(more)[0]
  if (document === undefined) return found
  const read = readDocument(more, document)
  const others = read.ok && Array.isArray(read.value) ? (read.value as readonly unknown[]) : []
  if (!read.ok || !Array.isArray(read.value) || !others.every(isMap))
    return give(
      world,
      'invalid-applicationset',
      [...list.route, 'elementsYaml'],
      'has elementsYaml that is no list of mappings',
    )
  if (others.length > MAX_APPLICATIONS) return tooMany(world, list.route, others.length)
  return [...found, ...others.filter(isMap)]
}

function mapOf(element: Field): Params {
  if (isMap(element.value)) return element.value
  fault(element, `${nameOf(element)} must be a mapping`)
  return {}
}

function textsOf(element: Field): Params {
  const entries = Object.keys(mapOf(element)).flatMap((key): [string, unknown][] => {
    const field = get(element, key)
    if (key === 'values')
      return Object.entries(labelsField(field)).map(([name, value]) => [`values.${name}`, value])
    // An absent value is no text either: Go's type assertion fails.
    if (absent(field)) fault(field, `${nameOf(field)} must be a string`)
    return [[key, text(field)]]
  })
  return Object.fromEntries(entries)
}

/** applicationset/generators/matrix.go: the second is asked again for each of the first, with its parameters. */
function matrixParams(matrix: Field, world: World, level: number): readonly Params[] | null {
  const children = items(get(matrix, 'generators'))
  if (children.length !== 2)
    return give(world, 'invalid-applicationset', matrix.route, 'has a matrix that is not of two generators')
  const [first, second] = children.map(generatorsIn)
  const [left, right] = [first?.[0], second?.[0]]
  if (left === undefined || right === undefined || first?.length !== 1 || second?.length !== 1)
    return give(
      world,
      'invalid-applicationset',
      matrix.route,
      'has a matrix whose items are not one generator each',
    )
  const outer = paramsOf(left, {}, world, level + 1)
  if (outer === null) return null
  const combined: Params[] = []
  for (const a of outer) {
    const inner = paramsOf(right, a, world, level + 1)
    if (inner === null) return null
    if (combined.length + inner.length > MAX_APPLICATIONS)
      return tooMany(world, matrix.route, outer.length * inner.length)
    for (const b of inner) {
      const both = world.syntax.isGo ? merged(b, a) : joined(a, b, matrix.route, world)
      if (both === null) return null
      combined.push(both)
    }
    if (!spend(world, 1 + inner.length, matrix.route)) return null
  }
  return combined
}

function tooMany(world: World, route: Route, count: number): null {
  const why = `makes ${String(count)} Applications, where at most ${String(MAX_APPLICATIONS)} are looked at`
  return give(world, 'too-many-applications', route, why)
}

/** mergo with override: what is on top wins, and mappings are merged. */
function merged(below: Params, top: Params): Params {
  const entries = new Map(Object.entries(below))
  for (const [key, value] of Object.entries(top)) {
    const under = entries.get(key)
    entries.set(key, isMap(value) && isMap(under) ? merged(under, value) : value)
  }
  return Object.fromEntries(entries)
}

/** CombineStringMaps: one name with two values is an error. */
function joined(a: Params, b: Params, route: Route, world: World): Params | null {
  const [left, right] = [flat(a), flat(b)]
  const clash = Object.keys(right).find((key) => Object.hasOwn(left, key) && left[key] !== right[key])
  if (clash === undefined) return { ...left, ...right }
  return give(world, 'invalid-applicationset', route, `has a matrix whose generators both set ${clash}`)
}

function without(value: Params, key: string): Params {
  return Object.fromEntries(Object.entries(value).filter(([name]) => name !== key))
}
