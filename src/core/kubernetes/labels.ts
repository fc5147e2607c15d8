// Label selectors as the API server reads them: matchLabels and matchExpressions become one list of
// requirements, all of which must hold (k8s.io/apimachinery/pkg/labels/selector.go, Requirement.Matches).
import { compareText } from '../source/problem.ts'

export type Labels = Readonly<Record<string, string>>

export type Requirement =
  | { readonly key: string; readonly operator: 'In' | 'NotIn'; readonly values: readonly string[] }
  | { readonly key: string; readonly operator: 'Exists' | 'DoesNotExist' }
  | TextRequirement

/**
 * What the selectors of Calico ask beyond the API server's: a label whose value has a text in it, or, negated, the
 * opposite of that, which a label that is not there fulfils.
 */
export interface TextRequirement {
  readonly key: string
  readonly operator: 'Contains' | 'StartsWith' | 'EndsWith'
  readonly text: string
  readonly negated: boolean
}

/** No requirement: everything matches. */
export type Selector = readonly Requirement[]

/** `no`, `yes`, or `maybe` where what decides is not in the tree. */
export type Match = 'no' | 'maybe' | 'yes'

/** The weaker of two answers that must both hold. */
export function weaker(a: Match, b: Match): Match {
  if (a === 'no' || b === 'no') return 'no'
  return a === 'maybe' || b === 'maybe' ? 'maybe' : 'yes'
}

export const EVERYTHING: Selector = []

/** By which Istio enrols namespaces and pods: `ambient`, or `none` against it. */
export const DATAPLANE_MODE = 'istio.io/dataplane-mode'

/** By which Istio marks the pods that it makes for a Gateway. */
export const GATEWAY_NAME = 'gateway.networking.k8s.io/gateway-name'

/** On Services, ServiceEntries, pods and namespaces: the waypoint that traffic to them goes through. */
export const USE_WAYPOINT = 'istio.io/use-waypoint'

/** Of the pods that Istio makes for a Gateway: its class. */
export const GATEWAY_CLASS = 'gateway.networking.k8s.io/gateway-class-name'

/** Not a label: the service account of a pod, given to selectors that ask for it as if it were one. */
export const SERVICE_ACCOUNT = '@serviceaccount'

/** The label that the API server puts on each namespace. */
export const NAMESPACE_NAME_LABEL = 'kubernetes.io/metadata.name'

export function label(labels: Labels, key: string): string | undefined {
  return Object.hasOwn(labels, key) ? labels[key] : undefined
}

export function matches(selector: Selector, labels: Labels): boolean {
  return selector.every((requirement) => holds(requirement, label(labels, requirement.key)))
}

/** Like `matches`, where only some labels are known and any other may be there or not. */
export function matchesPartly(selector: Selector, known: Labels): Match {
  let result: Match = 'yes'
  for (const requirement of selector) {
    const value = label(known, requirement.key)
    if (value === undefined) result = 'maybe'
    else if (!holds(requirement, value)) return 'no'
  }
  return result
}

/**
 * Like `matches`, where a value that no label may have stands for one that is filled in later: what a requirement asks of
 * that is not known.
 */
export function matchesFilled(selector: Selector, labels: Labels): Match {
  let result: Match = 'yes'
  for (const requirement of selector) {
    const { key, operator } = requirement
    const value = label(labels, key)
    const isOpen = operator !== 'Exists' && operator !== 'DoesNotExist' && isUnfilled(value)
    if (isOpen) result = 'maybe'
    else if (!holds(requirement, value)) return 'no'
  }
  return result
}

/**
 * Is it a value that the API server refuses for a label, as `${MODE}` and `{{ mode }}` are? Something puts another in its
 * place before it is applied (k8s.io/apimachinery/pkg/util/validation, IsValidLabelValue).
 */
export function isUnfilled(value: string | undefined): boolean {
  return value !== undefined && value !== '' && (value.length > 63 || !LABEL_VALUE.test(value))
}

const LABEL_VALUE = /^[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?$/

/** Does every object that `narrow` selects also match `wide`? False also where it cannot be told. */
export function implies(narrow: Selector, wide: Selector): boolean {
  return wide.every((wanted) =>
    narrow.some((given) => {
      if (given.key !== wanted.key) return false
      switch (wanted.operator) {
        case 'In':
          return given.operator === 'In' && given.values.every((value) => wanted.values.includes(value))
        case 'Exists':
          return given.operator === 'In' || given.operator === 'Exists'
        case 'DoesNotExist':
          return given.operator === 'DoesNotExist'
        case 'NotIn':
          if (given.operator === 'In') return !given.values.some((value) => wanted.values.includes(value))
          if (given.operator === 'NotIn') return wanted.values.every((value) => given.values.includes(value))
          return given.operator === 'DoesNotExist'
        case 'Contains':
        case 'StartsWith':
        case 'EndsWith':
          return (
            given.operator === wanted.operator &&
            given.text === wanted.text &&
            given.negated === wanted.negated
          )
      }
    }),
  )
}

/** Could one set of labels match both? True also where it cannot be told. */
export function overlap(a: Selector, b: Selector): boolean {
  const together = [...a, ...b]
  return together.every((one) => {
    if (one.operator !== 'In') return true
    return one.values.some((value) => together.every((other) => other.key !== one.key || holds(other, value)))
  })
}

/** The labels that a selector pins to one value: those every pod it selects must carry. */
export function pinnedLabels(selector: Selector): Labels {
  return Object.fromEntries(
    selector.flatMap((requirement) =>
      requirement.operator === 'In' && requirement.values.length === 1
        ? [[requirement.key, requirement.values[0] as string]]
        : [],
    ),
  )
}

/** The selector as kubectl writes it, sorted: `app=web,tier in (a,b),!legacy`, `serviceaccount(web)`; `*` for everything. */
export function describeSelector(selector: Selector): string {
  if (selector.length === 0) return '*'
  return selector
    .map((requirement) => {
      if (requirement.key === SERVICE_ACCOUNT) return describeAccount(requirement)
      switch (requirement.operator) {
        case 'Exists':
          return requirement.key
        case 'DoesNotExist':
          return `!${requirement.key}`
        case 'In':
          return requirement.values.length === 1
            ? `${requirement.key}=${String(requirement.values[0])}`
            : `${requirement.key} in (${[...requirement.values].sort(compareText).join(',')})`
        case 'NotIn':
          return `${requirement.key} notin (${[...requirement.values].sort(compareText).join(',')})`
        case 'Contains':
        case 'StartsWith':
        case 'EndsWith':
          return `${requirement.key} ${requirement.negated ? 'not ' : ''}${WORDS[requirement.operator]} '${requirement.text}'`
      }
    })
    .sort(compareText)
    .join(',')
}

/** `serviceaccount(web)`, `!serviceaccount(a,b)`. */
function describeAccount(requirement: Requirement): string {
  switch (requirement.operator) {
    case 'Exists':
      return 'serviceaccount'
    case 'DoesNotExist':
      return '!serviceaccount'
    case 'In':
    case 'NotIn':
      return `${requirement.operator === 'In' ? '' : '!'}serviceaccount(${[...requirement.values].sort(compareText).join(',')})`
    case 'Contains':
    case 'StartsWith':
    case 'EndsWith':
      return `serviceaccount ${requirement.negated ? 'not ' : ''}${WORDS[requirement.operator]} '${requirement.text}'`
  }
}

const WORDS = { Contains: 'contains', StartsWith: 'starts with', EndsWith: 'ends with' } as const

/** Does a label of this value, or none where it is undefined, fulfil the requirement? */
export function holds(requirement: Requirement, value: string | undefined): boolean {
  switch (requirement.operator) {
    case 'In':
      return value !== undefined && requirement.values.includes(value)
    case 'NotIn':
      return value === undefined || !requirement.values.includes(value)
    case 'Exists':
      return value !== undefined
    case 'DoesNotExist':
      return value === undefined
    case 'Contains':
      return (value?.includes(requirement.text) ?? false) !== requirement.negated
    case 'StartsWith':
      return (value?.startsWith(requirement.text) ?? false) !== requirement.negated
    case 'EndsWith':
      return (value?.endsWith(requirement.text) ?? false) !== requirement.negated
  }
}
