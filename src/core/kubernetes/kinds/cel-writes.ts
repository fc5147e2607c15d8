// Policies whose deeds are expressions in CEL: Kyverno's newer ones, and the mutating ones of Kubernetes, which have the
// same fields. Nobody evaluates expressions here: the words in them tell what they may do, and that is told.
// https://kyverno.io/docs/policy-types/generating-policy/ and …/mutating-policy/,
// https://kubernetes.io/docs/reference/access-authn-authz/mutating-admission-policy/
import { at, list } from '../loose.ts'
import { MADE, phrase } from './effects.ts'
import type { Write } from './effects.ts'

/** What a generating or mutating policy writes that matters, as far as its words go. */
export function celWrites(object: unknown): readonly Write[] {
  const spec = at(object, 'spec')
  return [...generated(spec), ...mutated(spec)]
}

/** Kinds that are made are named in quotes; what is cloned is fetched by its resource, in the plural. */
function generated(spec: unknown): readonly Write[] {
  const generate = list(at(spec, 'generate'))
  if (generate.length === 0) return []
  const text = textOf([...generate, ...list(at(spec, 'variables'))])
  const kinds = MADE.filter((kind) => {
    const cloned = new RegExp(`resource\\.(?:Get|List)\\([^)]{0,300}["']${pluralOf(kind)}["']`)
    return new RegExp(`["']${kind}["']`).test(text) || cloned.test(text)
  })
  if (kinds.length === 0) return []
  return [{ what: `generates ${phrase(kinds)}`, rule: null, route: ['spec', 'generate'], namespaces: null }]
}

const LABELS = /\blabels\b/
const PODS = /\bhostNetwork\b|istio\.io|\bports\b|\b(?:liveness|readiness|startup)Probe\b|\blifecycle\b/

function mutated(spec: unknown): readonly Write[] {
  const mutations = list(at(spec, 'mutations'))
  if (mutations.length === 0) return []
  const text = textOf([...mutations, ...list(at(spec, 'variables'))])
  const targets = at(spec, 'targetMatchConstraints')
  const constraints = targets ?? at(spec, 'matchConstraints')
  const rules = list(at(constraints, 'resourceRules'))
  const resources = rules
    .flatMap((rule) => list(at(rule, 'resources')))
    .map((name) => String(name).split('/')[0])
  const kinds = MADE.filter((kind) => {
    const matched = rules.length === 0 || resources.includes('*') || resources.includes(pluralOf(kind))
    return matched && changes(kind, text)
  })
  if (kinds.length === 0) return []
  return [
    {
      what: `changes ${phrase(kinds)}`,
      rule: null,
      route: ['spec', 'mutations'],
      namespaces: limitOf(constraints),
    },
  ]
}

function changes(kind: string, text: string): boolean {
  if (kind === 'Namespace') return LABELS.test(text)
  if (/Policy$|^Gateway$/.test(kind)) return /\bspec\b|istio\.io/.test(text)
  const labelled = LABELS.test(text) && (kind === 'Pod' || /\btemplate\b/.test(text))
  return labelled || PODS.test(text)
}

/** By the label that the API server gives every namespace. */
function limitOf(constraints: unknown): readonly string[] | null {
  const name = 'kubernetes.io/metadata.name'
  const selector = at(constraints, 'namespaceSelector')
  const exact = at(at(selector, 'matchLabels'), name)
  const named = list(at(selector, 'matchExpressions')).find(
    (expression) => at(expression, 'key') === name && at(expression, 'operator') === 'In',
  )
  const names = typeof exact === 'string' ? [exact] : list(at(named, 'values')).map(String)
  return names.length === 0 ? null : names
}

function pluralOf(kind: string): string {
  return kind.toLowerCase().replace(/y$/, 'ie') + 's'
}

function textOf(parts: readonly unknown[]): string {
  return parts.map((part) => stringsIn(part).join('\n')).join('\n')
}

function stringsIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(stringsIn) : []
}
