// Whom a selector of Calico means. Felix gives every endpoint and network set the labels that this file knows by name
// (libcalico-go/lib/backend/k8s/conversion: namespace and service account, with those of both under the prefixes
// `pcns.` and `pcsa.`) and asks one expression over them all; here pods are told apart by labels of pods and of
// namespaces, so that an expression becomes the pods of a disjunctive normal form.
import { holds, NAMESPACE_NAME_LABEL, overlap, SERVICE_ACCOUNT } from '../labels.ts'
import type { Labels, Match, Requirement, Selector } from '../labels.ts'
import type { AddressSet } from '../address-set.ts'
import { withAccounts } from './calico-accounts.ts'
import type { AccountRef, PodsPart } from './calico-accounts.ts'
import type { Expression } from './calico-selector.ts'

export type { PodsPart } from './calico-accounts.ts'

/** A NetworkSet or GlobalNetworkSet: addresses that selectors find by its labels. */
export interface NetworkSetRef {
  readonly name: string
  /** null: global; empty where the manifest does not say. */
  readonly namespace: string | null
  readonly labels: Labels
  readonly cidrs: AddressSet
  /** Does it also hold names, which stand for addresses outside of the cluster? Calico Enterprise. */
  readonly domains: boolean
}

/** Which namespaces an expression is about where it does not say: the policy's own, or every one. */
export interface Scope {
  /** null: every namespace. Otherwise the policy's own, undefined where its manifest does not name it. */
  readonly own: { readonly namespace: string | undefined } | null
}

export const NAMESPACE_PREFIX = 'pcns.'
export const SERVICE_ACCOUNT_PREFIX = 'pcsa.'
const NAMESPACE = 'projectcalico.org/namespace'
const NAME = 'projectcalico.org/name'
const ACCOUNT = 'projectcalico.org/serviceaccount'
const ORCHESTRATOR = 'projectcalico.org/orchestrator'

/** More conjunctions than this, or longer ones, nobody reads, and an engine should not. */
const MOST = 64
const LONGEST = 256

/** The expression about what has these labels under a prefix: namespaces, service accounts (`PrefixVisitor`). */
export function prefixed(expression: Expression, prefix: string): Expression {
  switch (expression.kind) {
    case 'label':
      return {
        kind: 'label',
        requirement: { ...expression.requirement, key: prefix + expression.requirement.key },
      }
    case 'not':
      return { kind: 'not', part: prefixed(expression.part, prefix) }
    case 'and':
    case 'or':
      return { kind: expression.kind, parts: expression.parts.map((part) => prefixed(part, prefix)) }
    // updateprocessors/rules.go, getEndpointSelector: of namespaces, `all()` is whatever is in one.
    case 'all':
      return prefix === NAMESPACE_PREFIX
        ? { kind: 'label', requirement: { key: NAMESPACE, operator: 'Exists' } }
        : expression
    case 'global':
      return { kind: 'label', requirement: { key: NAMESPACE, operator: 'DoesNotExist' } }
  }
}

export function allOf(parts: readonly Expression[]): Expression {
  return { kind: 'and', parts }
}

/** The pods that an expression means; null where its normal form is too long, and it may be any pod in scope. */
export function podsOf(
  expression: Expression,
  scope: Scope,
  accounts: readonly AccountRef[],
): readonly PodsPart[] | null {
  const forms = conjunctions(expression, false)
  const own = scope.own?.namespace ?? null
  // Of a policy that does not name its namespace nobody knows which accounts are in it.
  const shown = scope.own !== null && own === null ? [] : accounts
  const parts = (literals: Selector): readonly PodsPart[] => {
    const part = podsPart(literals, scope)
    return part === null ? [] : withAccounts(part, accountLabels(literals), shown, own)
  }
  return forms?.filter(possible).flatMap(parts) ?? null
}

/** What is asked of the labels of service accounts; their names are known of every pod. */
function accountLabels(literals: Selector): Selector {
  return literals.flatMap((literal) =>
    literal.key.startsWith(SERVICE_ACCOUNT_PREFIX) && literal.key !== SERVICE_ACCOUNT_PREFIX + NAME
      ? [{ ...literal, key: literal.key.slice(SERVICE_ACCOUNT_PREFIX.length) }]
      : [],
  )
}

/** Does an expression mean this set? `maybe` where the labels of its namespace decide, or nobody says for sure. */
export function setMatches(expression: Expression, set: NetworkSetRef, scope: Scope): Match {
  const inScope = scope.own === null ? 'yes' : isOwn(set, scope.own.namespace)
  if (inScope === 'no') return 'no'
  return both([inScope, isDisputed(expression, set) ? 'maybe' : 'yes', evaluate(expression, set)])
}

/**
 * A set has no labels of service accounts, nor a global one of namespaces, so that for Felix it meets whatever these
 * must not have (`namespaceSelector: team != 'a'`). By policy_common.go (EntityRule) such selectors are about endpoints
 * in namespaces and pods with service accounts alone, and about global sets by global() alone.
 */
function isDisputed(expression: Expression, set: NetworkSetRef): boolean {
  switch (expression.kind) {
    case 'all':
    case 'global':
      return false
    case 'label': {
      const { key } = expression.requirement
      return (
        key.startsWith(SERVICE_ACCOUNT_PREFIX) || (set.namespace === null && key.startsWith(NAMESPACE_PREFIX))
      )
    }
    case 'not':
      return isDisputed(expression.part, set)
    case 'and':
    case 'or':
      return expression.parts.some((part) => isDisputed(part, set))
  }
}

function isOwn(set: NetworkSetRef, own: string | undefined): Match {
  if (set.namespace === null) return 'no'
  if (set.namespace === '' || own === undefined) return 'maybe'
  return set.namespace === own ? 'yes' : 'no'
}

function evaluate(expression: Expression, set: NetworkSetRef): Match {
  switch (expression.kind) {
    case 'all':
    case 'global':
      return 'yes'
    case 'label':
      return setHolds(expression.requirement, set)
    case 'not':
      return opposite(evaluate(expression.part, set))
    case 'and':
      return both(expression.parts.map((part) => evaluate(part, set)))
    case 'or':
      return opposite(both(expression.parts.map((part) => opposite(evaluate(part, set)))))
  }
}

function both(matches: readonly Match[]): Match {
  if (matches.includes('no')) return 'no'
  return matches.includes('maybe') ? 'maybe' : 'yes'
}

function opposite(match: Match): Match {
  return match === 'maybe' ? 'maybe' : match === 'yes' ? 'no' : 'yes'
}

/** A set carries its own labels, the name of its namespace, and, inherited, the labels of that (networksetprocessor). */
function setHolds(requirement: Requirement, set: NetworkSetRef): Match {
  const { key } = requirement
  const answer = (value: string | undefined): Match => (holds(requirement, value) ? 'yes' : 'no')
  if (isNamespaceName(key)) {
    if (set.namespace === null) return answer(undefined)
    if (set.namespace !== '') return answer(set.namespace)
    return requirement.operator === 'Exists' || requirement.operator === 'DoesNotExist'
      ? answer('?')
      : 'maybe'
  }
  if (key.startsWith(NAMESPACE_PREFIX)) return set.namespace === null ? answer(undefined) : 'maybe'
  return answer(Object.hasOwn(set.labels, key) ? set.labels[key] : undefined)
}

function isNamespaceName(key: string): boolean {
  return (
    key === NAMESPACE || key === NAMESPACE_PREFIX + NAME || key === NAMESPACE_PREFIX + NAMESPACE_NAME_LABEL
  )
}

/** The conjunction as it bears on pods; null where no pod can be meant. */
function podsPart(literals: readonly Requirement[], { own }: Scope): PodsPart | null {
  const pods: Requirement[] = []
  const namespaces: Requirement[] = []
  for (const literal of literals) {
    const { key } = literal
    if (isNamespaceName(key) || key === ACCOUNT || key === SERVICE_ACCOUNT_PREFIX + NAME) {
      // Every pod is in a namespace and has a service account.
      if (literal.operator === 'DoesNotExist') return null
      if (literal.operator === 'Exists') continue
      if (isNamespaceName(key)) namespaces.push({ ...literal, key: NAMESPACE_NAME_LABEL })
      else pods.push({ ...literal, key: SERVICE_ACCOUNT })
    } else if (key === ORCHESTRATOR) {
      if (!holds(literal, 'k8s')) return null
    } else if (key.startsWith(NAMESPACE_PREFIX)) {
      namespaces.push({ ...literal, key: key.slice(NAMESPACE_PREFIX.length) })
    } else if (!key.startsWith(SERVICE_ACCOUNT_PREFIX)) {
      pods.push(literal)
    }
  }
  if (own === null) return { pods, namespaces, doubt: false }
  if (namespaces.length === 0) return { pods, namespaces: null, doubt: false }
  if (own.namespace === undefined) return { pods, namespaces: null, doubt: true }
  const name: Requirement = { key: NAMESPACE_NAME_LABEL, operator: 'In', values: [own.namespace] }
  const others = namespaces.filter(({ key }) => key !== NAMESPACE_NAME_LABEL)
  if (!namespaces.every((one) => others.includes(one) || holds(one, own.namespace))) return null
  return { pods, namespaces: others.length === 0 ? null : [name, ...others], doubt: false }
}

/** The disjunctive normal form, of the expression or of its opposite; null beyond `MOST`. */
function conjunctions(expression: Expression, negated: boolean): readonly Selector[] | null {
  switch (expression.kind) {
    case 'all':
    case 'global':
      return negated ? [] : [[]]
    case 'label':
      return [[negated ? negate(expression.requirement) : expression.requirement]]
    case 'not':
      return conjunctions(expression.part, !negated)
    case 'and':
    case 'or': {
      const parts: (readonly Selector[])[] = []
      for (const part of expression.parts) {
        const forms = conjunctions(part, negated)
        if (forms === null) return null
        parts.push(forms)
      }
      return (expression.kind === 'and') === negated ? sum(parts) : product(parts)
    }
  }
}

function sum(parts: readonly (readonly Selector[])[]): readonly Selector[] | null {
  const all = parts.flat()
  return all.length > MOST ? null : all
}

function product(parts: readonly (readonly Selector[])[]): readonly Selector[] | null {
  let result: readonly Selector[] = [[]]
  for (const part of parts) {
    if (result.length * part.length > MOST) return null
    result = result.flatMap((one) => part.map((other) => [...one, ...other]))
    if (result.some(({ length }) => length > LONGEST)) return null
  }
  return result
}

/** Whether anything at all can fulfil these: `a == 'x' && a == 'y'` nobody can. */
function possible(literals: Selector): boolean {
  return (
    overlap(literals, []) &&
    !literals.some(
      ({ key, operator }) =>
        operator === 'DoesNotExist' &&
        literals.some((other) => other.key === key && !holds(other, undefined)),
    )
  )
}

function negate(requirement: Requirement): Requirement {
  switch (requirement.operator) {
    case 'In':
      return { ...requirement, operator: 'NotIn' }
    case 'NotIn':
      return { ...requirement, operator: 'In' }
    case 'Exists':
      return { ...requirement, operator: 'DoesNotExist' }
    case 'DoesNotExist':
      return { ...requirement, operator: 'Exists' }
    case 'Contains':
    case 'StartsWith':
    case 'EndsWith':
      return { ...requirement, negated: !requirement.negated }
  }
}
