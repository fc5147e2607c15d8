// Which objects a patch is for: the identity that it names itself, or a target that selects (api/types/selector.go,
// api/resmap/reswrangler.go). Objects go by every name that they have had.
import type { Mapping } from './file.ts'

/** An object as patches know it. */
export interface Subject {
  readonly apiVersion: string
  readonly kind: string
  /** In its source, and in the end. */
  readonly names: readonly string[]
  readonly namespaces: readonly string[]
  /** In its source, and in the end. */
  readonly labels: readonly Mapping[]
  readonly annotations: readonly Mapping[]
}

/** Null: it cannot be told. */
export type Answer = boolean | null

/** Is this strategic-merge patch for the object, going by the identity that it names? */
export function isNamedBy(subject: Subject, patch: Mapping): boolean {
  const metadata = mapping(patch.metadata)
  const namespace = text(metadata.namespace)
  return (
    patch.kind === subject.kind &&
    groupOf(text(patch.apiVersion) ?? '') === groupOf(subject.apiVersion) &&
    isOneOfItsNames(subject, metadata.name) &&
    (namespace === null || subject.namespaces.length === 0 || subject.namespaces.includes(namespace))
  )
}

/** Prefixes and suffixes come on in steps; a patch may use the name after any of them. */
function isOneOfItsNames({ names }: Subject, name: unknown): boolean {
  if (typeof name !== 'string' || name === '') return false
  const [first = '', last = first] = names
  return names.includes(name) || (last.includes(name) && name.includes(first) && first !== '')
}

/** Does the target of a patch or the `select` of a replacement select the object? Every field must. */
export function selects(target: Mapping, subject: Subject): Answer {
  const { apiVersion, kind, names, namespaces, labels, annotations } = subject
  const version = apiVersion.slice(apiVersion.indexOf('/') + 1)
  return every([
    matchesAny(target.group, [groupOf(apiVersion)]),
    matchesAny(target.version, [version]),
    matchesAny(target.kind, [kind]),
    matchesAny(target.name, names),
    matchesAny(target.namespace, namespaces),
    some(labels.map((each) => holds(target.labelSelector, each))),
    some(annotations.map((each) => holds(target.annotationSelector, each))),
  ])
}

function matchesAny(pattern: unknown, values: readonly string[]): Answer {
  if (typeof pattern !== 'string' || pattern === '') return true
  return some(values.map((value) => matchesPattern(pattern, value)))
}

/** Go matches in linear time; here a pattern from a stranger must not take longer, so few of them are tried. */
function matchesPattern(pattern: string, value: string): Answer {
  if (pattern === value) return true
  if (/^[\w-]*$/.test(pattern)) return false
  const quantifiers = pattern.match(/[*+?{]/g) ?? []
  if (quantifiers.length > 3 || /\)[*+?{]/.test(pattern) || pattern.length > 300 || value.length > 300)
    return null
  try {
    return new RegExp(`^(?:${pattern})$`, 'u').test(value)
  } catch {
    return null
  }
}

/** A selector as kubectl takes it: `app=web,tier in (a, b),!old`. */
function holds(selector: unknown, labels: Mapping): Answer {
  if (typeof selector !== 'string' || selector.trim() === '') return true
  return every(selector.split(/,(?![^(]*\))/).map((requirement) => meets(requirement.trim(), labels)))
}

function meets(requirement: string, labels: Mapping): Answer {
  const set = /^(\S+)\s+(in|notin)\s*\(([^()]*)\)$/.exec(requirement)
  if (set !== null) {
    const [, key = '', operator, list = ''] = set
    const values = list.split(',').map((value) => value.trim())
    const value = labels[key]
    const isIn = typeof value === 'string' && values.includes(value)
    return operator === 'in' ? isIn : !isIn
  }
  const pair = /^([^\s=!]+)\s*(==?|!=)\s*([^\s=!]*)$/.exec(requirement)
  if (pair !== null) {
    const [, key = '', operator, value = ''] = pair
    return (labels[key] === value) === (operator !== '!=')
  }
  const presence = /^(!?)\s*([^\s=!(),]+)$/.exec(requirement)
  if (presence === null) return null
  return Object.hasOwn(labels, presence[2] ?? '') === (presence[1] === '')
}

function every(answers: readonly Answer[]): Answer {
  if (answers.includes(false)) return false
  return answers.includes(null) ? null : true
}

function some(answers: readonly Answer[]): Answer {
  if (answers.includes(true)) return true
  return answers.includes(null) ? null : false
}

/** `apps` of `apps/v1`; the core group has none. */
export function groupOf(apiVersion: string): string {
  return apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : ''
}

export function mapping(value: unknown): Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Mapping) : {}
}

export function text(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null
}
