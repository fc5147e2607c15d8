// The rules of Kyverno's older API: what a generate rule makes, what a mutate rule changes, and where.
// https://kyverno.io/docs/policy-types/cluster-policy/generate/, …/mutate/ and …/match-exclude/
import { readDocument } from '../../yaml/index.ts'
import type { Route } from '../../yaml/types.ts'
import { at, isMapping, list, string } from '../loose.ts'
import { CLUSTER_WIDE, MADE, changedKinds, phrase } from './effects.ts'
import type { Path, Write } from './effects.ts'

/** What the rules of a policy write that matters; broken parts are read as far as they go. */
export function ruleWrites(object: unknown): readonly Write[] {
  return list(at(object, 'spec', 'rules')).flatMap((rule, index) => {
    const route: Route = ['spec', 'rules', index]
    const name = string(at(rule, 'name')) ?? String(index)
    return [...generated(rule), ...mutated(rule)].map((part) => ({ ...part, rule: name, route }))
  })
}

type Part = Pick<Write, 'what' | 'namespaces'>

function generated(rule: unknown): readonly Part[] {
  const generate = at(rule, 'generate')
  const each = [generate, ...list(at(generate, 'foreach'))]
  return each.flatMap((one): Part[] => {
    const named = [at(one, 'kind'), ...list(at(one, 'cloneList', 'kinds'))].filter(
      (kind) => kind !== undefined,
    )
    const kinds = kindsOf(named, MADE)
    if (kinds.length === 0) return []
    const own = kinds.every((kind) => !CLUSTER_WIDE.includes(kind)) ? at(one, 'namespace') : undefined
    const target = kinds.length === 1 && kinds[0] === 'Namespace' ? at(one, 'name') : own
    return [{ what: `generates ${phrase(kinds)}`, namespaces: placed(target, rule) }]
  })
}

function mutated(rule: unknown): readonly Part[] {
  const mutate = at(rule, 'mutate')
  const paths = patchedPaths(mutate)
  const targets = list(at(mutate, 'targets'))
  if (targets.length === 0) {
    const filters = filtersOf(rule)
    const kinds = changedKinds(
      kindsOf(
        filters.flatMap((filter) => list(at(filter, 'kinds'))),
        MADE,
      ),
      paths,
    )
    return kinds.length === 0 ? [] : [{ what: `changes ${phrase(kinds)}`, namespaces: limitOf(rule) }]
  }
  return targets.flatMap((target): Part[] => {
    const kinds = changedKinds(kindsOf([at(target, 'kind')], MADE), paths)
    if (kinds.length === 0) return []
    const where = kinds.every((kind) => kind === 'Namespace') ? at(target, 'name') : at(target, 'namespace')
    return [
      {
        what: `changes ${phrase(kinds)}`,
        namespaces: kinds.includes('Namespace') && kinds.length > 1 ? null : placed(where, rule),
      },
    ]
  })
}

/** Every place that a mutation writes to. What cannot be read may write anywhere. */
function patchedPaths(mutate: unknown): readonly Path[] {
  const merge = at(mutate, 'patchStrategicMerge')
  const json = at(mutate, 'patchesJson6902')
  return [
    ...(merge === undefined ? [] : isMapping(merge) ? merged(merge, []) : [[]]),
    ...(json === undefined ? [] : jsonPatched(json)),
    ...list(at(mutate, 'foreach')).flatMap(patchedPaths),
  ]
}

/**
 * Leaves of a strategic merge patch. A key in anchors: `(key)`, `<(key)`, `X(key)` and `^(key)` ask and change nothing,
 * `+(key)` adds what is missing, `=(key)` goes on below.
 */
function merged(value: unknown, path: Path): readonly Path[] {
  if (Array.isArray(value)) return value.flatMap((item: unknown) => merged(item, path))
  if (!isMapping(value)) return [path]
  return Object.entries(value).flatMap(([key, inner]) => {
    const [, anchor = '', name = key] = /^([+=<X^]?)\((.*)\)$/.exec(key) ?? []
    const asks = name !== key && anchor !== '+' && anchor !== '='
    return asks ? [] : merged(inner, [...path, name])
  })
}

/** RFC 6902, as text in YAML or JSON; RFC 6901 pointers. */
function jsonPatched(patch: unknown): readonly Path[] {
  const text = string(patch)
  const read = text === undefined ? null : readDocument(text, { start: 0, end: text.length })
  if (read?.ok !== true || !Array.isArray(read.value)) return [[]]
  return read.value.flatMap((operation: unknown) => {
    if (at(operation, 'op') === 'test') return []
    const pointers = [
      at(operation, 'path'),
      ...(at(operation, 'op') === 'move' ? [at(operation, 'from')] : []),
    ]
    return pointers.flatMap((pointer): readonly Path[] => {
      const start = pathOf(pointer)
      const inner = at(operation, 'op') === 'add' ? merged(at(operation, 'value'), start) : []
      // What is replaced or taken away changes as a whole, and so does what an empty mapping is put over.
      return inner.length === 0 ? [start] : inner
    })
  })
}

/** Indexes of lists are left out: numbers, the end, and what stands for the element at hand. */
function pathOf(pointer: unknown): Path {
  const keys = (string(pointer) ?? '').split('/').slice(1)
  return keys
    .filter((key, index) => {
      const parent = keys[index - 1] ?? ''
      if (parent === 'labels' || parent === 'annotations') return true
      const variable = key.includes('{{') && (/elementIndex|length/.test(key) || /ontainers$/.test(parent))
      return !variable && !/^(?:\d+|-)$/.test(key)
    })
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'))
}

const NAME_OF_TRIGGER = /^\{\{\s*request\.(?:object\.metadata\.)?name\s*\}\}$/
const NAMESPACE_OF_TRIGGER = /^\{\{\s*request\.(?:object\.metadata\.)?namespace\s*\}\}$/

/** Where a field such as `namespace` leads: written out, or to what the rule matches. */
function placed(where: unknown, rule: unknown): readonly string[] | null {
  const text = string(where) ?? ''
  if (isLiteral(text)) return [text]
  const ofNamespaces = filtersOf(rule).every(isOfNamespaces)
  const follows = NAMESPACE_OF_TRIGGER.test(text) || (ofNamespaces && NAME_OF_TRIGGER.test(text))
  return follows ? limitOf(rule) : null
}

/** The resource filters of a rule: under `any`, under `all`, or, as in old policies, bare. */
function filtersOf(rule: unknown): readonly unknown[] {
  const match = at(rule, 'match')
  return [...list(at(match, 'any')), ...list(at(match, 'all')), match].flatMap(
    (filter) => at(filter, 'resources') ?? [],
  )
}

/** The namespaces to which a rule is limited in so many words; null where there are none, or any. */
function limitOf(rule: unknown): readonly string[] | null {
  const match = at(rule, 'match')
  const any = list(at(match, 'any')).map((filter) => limitIn(at(filter, 'resources')))
  if (any.length > 0) return any.some((limit) => limit === null) ? null : any.flatMap((limit) => limit ?? [])
  const all = [...list(at(match, 'all')), match].map((filter) => limitIn(at(filter, 'resources')))
  return all.find((limit) => limit !== null) ?? null
}

/** A Namespace counts as in the namespace of its name (checkNameSpace of pkg/utils/match), and may be named as such. */
function limitIn(resources: unknown): readonly string[] | null {
  const names = isOfNamespaces(resources)
    ? [at(resources, 'name') ?? [], at(resources, 'names') ?? []].flat()
    : []
  const literal = [list(at(resources, 'namespaces')), names].find(
    (texts) => texts.length > 0 && texts.every((text) => isLiteral(string(text) ?? '')),
  )
  return literal === undefined ? null : literal.map(String)
}

function isOfNamespaces(resources: unknown): boolean {
  const kinds = list(at(resources, 'kinds'))
  return kinds.length > 0 && kinds.every((kind) => /^(?:.*\/)?Namespace$/.test(string(kind) ?? ''))
}

/**
 * Of the kinds that matter, those that these selectors name: `Kind`, `v1/Kind`, `group/v1/Kind`, with wildcards and
 * subresources (ParseKindSelector of pkg/utils/kube/kind.go). What is worked out at run time may be any.
 */
function kindsOf(selectors: readonly unknown[], known: readonly string[]): readonly string[] {
  const patterns = selectors.map((selector) => {
    const text = string(selector) ?? '*'
    // Many wildcards cost more to match than they can tell.
    if (text.includes('{{') || (text.match(/[*?]/g) ?? []).length > 4) return /^/
    const parts = text.split('/').map((part) => part.split('.')[0] ?? '')
    const kind =
      parts.findLast((part) => /^[A-Z]/.test(part)) ?? parts.find((part) => /[*?]/.test(part)) ?? ''
    return new RegExp(
      `^${kind
        .replace(/[^\w*?]/g, '')
        .replaceAll('*', '.*')
        .replaceAll('?', '.')}$`,
    )
  })
  return known.filter((kind) => patterns.some((pattern) => pattern.test(kind)))
}

function isLiteral(text: string): boolean {
  return /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/.test(text)
}
