// The selector language of Calico, row by row of its documentation and of the tests of its parser, and what selectors
// come to over pods and network sets.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { NO_ADDRESSES } from '../../src/core/kubernetes/address-set.ts'
import { allOf, podsOf, prefixed, setMatches } from '../../src/core/kubernetes/kinds/calico-endpoints.ts'
import type { NetworkSetRef } from '../../src/core/kubernetes/kinds/calico-endpoints.ts'
import { parseSelector } from '../../src/core/kubernetes/kinds/calico-selector.ts'
import type { Expression } from '../../src/core/kubernetes/kinds/calico-selector.ts'
import {
  describeSelector,
  implies,
  matches,
  matchesPartly,
  overlap,
} from '../../src/core/kubernetes/labels.ts'
import type { Labels } from '../../src/core/kubernetes/labels.ts'

const EVERY = { own: null }

function parsed(text: string): Expression {
  const result = parseSelector(text)
  if (!result.ok) throw new Error(`${text}: ${result.invalid ?? 'too deep'}`)
  return result.expression
}

function selects(text: string, labels: Labels): boolean {
  const parts = podsOf(parsed(text), EVERY, [])
  if (parts === null) throw new Error(`${text}: too long`)
  return parts.some(({ pods }) => matches(pods, labels))
}

describe('each operator of the table "Selectors" (docs.tigera.io, _selectors.mdx)', () => {
  it.each<[string, Labels, boolean]>([
    ['all()', {}, true],
    ['!all()', {}, false],
    ["k == 'v'", { k: 'v' }, true],
    ["k == 'v'", { k: 'w' }, false],
    ["k == 'v'", {}, false],
    ["k != 'v'", { k: 'w' }, true],
    ["k != 'v'", {}, true],
    ["k != 'v'", { k: 'v' }, false],
    ['has(k)', { k: '' }, true],
    ['has(k)', {}, false],
    ['!has(k)', {}, true],
    ["k in { 'v1', 'v2' }", { k: 'v2' }, true],
    ["k in { 'v1', 'v2' }", { k: 'v3' }, false],
    ["k not in { 'v1', 'v2' }", {}, true],
    ["k not in { 'v1', 'v2' }", { k: 'v1' }, false],
    ["k contains 's'", { k: 'asb' }, true],
    ["k contains 's'", {}, false],
    ["!(k contains 's')", {}, true],
    ["k starts with 's'", { k: 'sa' }, true],
    ["k starts with 's'", { k: 'as' }, false],
    ["k ends with 's'", { k: 'as' }, true],
    ["k ends with 's'", { k: 'sa' }, false],
    ["!(k ends with 's')", { k: 'as' }, false],
    ["!(k starts with 's')", { k: 'as' }, true],
    // "It would match": the example under the precedence of operators.
    ["! has(my-label) || my-label starts with 'prod' && role in {'frontend','business'}", {}, true],
    [
      "! has(my-label) || my-label starts with 'prod' && role in {'frontend','business'}",
      { 'my-label': 'prod1' },
      false,
    ],
    [
      "! has(my-label) || my-label starts with 'prod' && role in {'frontend','business'}",
      { 'my-label': 'prod1', role: 'business' },
      true,
    ],
    // parser.go, parseOperation: signs in a row collapse, and bind to the one operation.
    ["!!k == 'v'", { k: 'v' }, true],
    ["!k == 'v' && has(k)", { k: 'w' }, true],
    ["(a == '1' || b == '1') && !(c == '1')", { b: '1' }, true],
    ["!(a == '1' || b == '1')", { b: '1' }, false],
    ["!(a == '1' && b == '1')", { b: '1' }, true],
    // parser.go: a set may be empty or end in a comma; tokenizer.go: quotes of either kind, no escapes, no word ends.
    ['k in {}', { k: '' }, false],
    ["k in {'a',}", { k: 'a' }, true],
    ['k == "it\'s"', { k: "it's" }, true],
    ["k in{'a'}&&has( j )", { k: 'a', j: '' }, true],
    ["k notin {'a'}", { k: 'b' }, true],
    ["k startswith 'a'", { k: 'ab' }, true],
    // A label may be called as the functions are.
    ["all == 'x' && has == 'y'", { all: 'x', has: 'y' }, true],
    ['', {}, true],
    ['  ', {}, true],
  ])('%s over %j: %s', (text, labels, expected) => {
    expect(selects(text, labels)).toBe(expected)
  })
})

describe('what the parser of Calico refuses (tokenizer.go, parser.go)', () => {
  it.each([
    "k = 'v'",
    'k == v',
    "k == 'v",
    'has(k',
    'has()',
    'all(k)',
    'k',
    "k like 'v'",
    "k in 'v'",
    "k in {'a'",
    "k in {'a' 'b'}",
    "(k == 'v'",
    "k == 'v')",
    "k == 'v' &&",
    "&& k == 'v'",
    "k == 'v' & has(a)",
    "k == 'v' | has(a)",
    "k == 'v' has(a)",
    '!',
    "k == 'v'\n",
    '$',
    "k starts 'v'",
  ])('%j', (text) => {
    const result = parseSelector(text)
    expect(result.ok).toBe(false)
    expect(result).not.toMatchObject({ invalid: null })
  })

  it('never throws, and does not read what is nested beyond sense', () => {
    expect(parseSelector('('.repeat(100_000))).toEqual({ ok: false, invalid: null })
    expect(parseSelector(`${'('.repeat(8_000)}has(a)${')'.repeat(8_000)}`)).toEqual({
      ok: false,
      invalid: null,
    })
    expect(parseSelector(`${'!'.repeat(10_000)}has(a)`).ok).toBe(true)
    fc.assert(
      fc.property(
        fc.array(
          fc.constantFrom(
            'a',
            "'b'",
            '(',
            ')',
            '{',
            '}',
            ',',
            '!',
            '==',
            '&&',
            '||',
            'in',
            'has(',
            'all()',
            ' ',
          ),
        ),
        (pieces) => {
          parseSelector(pieces.join(''))
        },
      ),
    )
  })
})

describe('the normal form', () => {
  const atoms: readonly Expression[] = ['a', 'b', 'c'].flatMap((key): readonly Expression[] => [
    { kind: 'label', requirement: { key, operator: 'In', values: ['1', '2'] } },
    { kind: 'label', requirement: { key, operator: 'Exists' } },
    { kind: 'label', requirement: { key, operator: 'StartsWith', text: '1', negated: false } },
  ])
  const { tree } = fc.letrec<{ tree: Expression }>((tie) => ({
    tree: fc.oneof(
      { maxDepth: 3 },
      fc.constantFrom<Expression>(...atoms, { kind: 'all' }),
      tie('tree').map((part): Expression => ({ kind: 'not', part })),
      fc
        .tuple(
          fc.constantFrom<'and' | 'or'>('and', 'or'),
          fc.array(tie('tree'), { minLength: 1, maxLength: 3 }),
        )
        .map(([kind, parts]): Expression => ({ kind, parts })),
    ),
  }))
  const labels = fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.constantFrom('1', '2', '13'))

  function truth(expression: Expression, over: Labels): boolean {
    switch (expression.kind) {
      case 'label':
        return matches([expression.requirement], over)
      case 'not':
        return !truth(expression.part, over)
      case 'and':
        return expression.parts.every((part) => truth(part, over))
      case 'or':
        return expression.parts.some((part) => truth(part, over))
      default:
        return true
    }
  }

  it('means what the expression means, for pods and for sets', () => {
    fc.assert(
      fc.property(tree, labels, (expression, over) => {
        const parts = podsOf(expression, EVERY, [])
        if (parts !== null)
          expect(parts.some(({ pods }) => matches(pods, over))).toBe(truth(expression, over))
        const set = { name: 's', namespace: null, labels: over, cidrs: NO_ADDRESSES, domains: false }
        expect(setMatches(expression, set, EVERY)).toBe(truth(expression, over) ? 'yes' : 'no')
      }),
    )
  })

  it('has at most 64 conjunctions', () => {
    const either = (n: number): string =>
      Array.from({ length: n }, (_, i) => `a${String(i)} == 'x'`).join(' || ')
    expect(podsOf(parsed(either(64)), EVERY, [])).toHaveLength(64)
    expect(podsOf(parsed(either(65)), EVERY, [])).toBeNull()
    expect(podsOf(parsed(`(${either(9)}) && (${either(9)})`), EVERY, [])).toBeNull()
    expect(podsOf(parsed(Array.from({ length: 1000 }, () => "a != 'x'").join(' && ')), EVERY, [])).toBeNull()
  })

  it('drops what nothing can be', () => {
    expect(
      podsOf(parsed("a == '1' && a == '2' || has(b) && !has(b) || a starts with 'x' && !has(a)"), EVERY, []),
    ).toEqual([])
  })
})

describe('labels that Calico gives to pods (libcalico-go/lib/backend/k8s/conversion)', () => {
  const own = { own: { namespace: 'shop' } }
  it.each<[string, unknown, { own: { namespace: string | undefined } | null }]>([
    [
      "projectcalico.org/namespace == 'a'",
      [
        {
          pods: [],
          namespaces: [{ key: 'kubernetes.io/metadata.name', operator: 'In', values: ['a'] }],
          doubt: false,
        },
      ],
      EVERY,
    ],
    ['has(projectcalico.org/namespace)', [{ pods: [], namespaces: [], doubt: false }], EVERY],
    ['!has(projectcalico.org/namespace)', [], EVERY],
    ["projectcalico.org/orchestrator == 'k8s'", [{ pods: [], namespaces: [], doubt: false }], EVERY],
    ["projectcalico.org/orchestrator == 'cni'", [], EVERY],
    [
      "projectcalico.org/serviceaccount == 'web'",
      [{ pods: [{ key: '@serviceaccount', operator: 'In', values: ['web'] }], namespaces: [], doubt: false }],
      EVERY,
    ],
    [
      "pcns.team == 'a'",
      [{ pods: [], namespaces: [{ key: 'team', operator: 'In', values: ['a'] }], doubt: false }],
      EVERY,
    ],
    [
      "pcsa.projectcalico.org/name == 'web'",
      [{ pods: [{ key: '@serviceaccount', operator: 'In', values: ['web'] }], namespaces: [], doubt: false }],
      EVERY,
    ],
    ["!(pcsa.team == 'a')", [{ pods: [], namespaces: [], doubt: true }], EVERY],
    ['has(a)', [{ pods: [{ key: 'a', operator: 'Exists' }], namespaces: null, doubt: false }], own],
    ["projectcalico.org/namespace == 'shop'", [{ pods: [], namespaces: null, doubt: false }], own],
    ["projectcalico.org/namespace == 'other'", [], own],
    [
      "projectcalico.org/namespace == 'shop'",
      [{ pods: [], namespaces: null, doubt: true }],
      { own: { namespace: undefined } },
    ],
    [
      "pcns.team == 'a'",
      [
        {
          pods: [],
          namespaces: [
            { key: 'kubernetes.io/metadata.name', operator: 'In', values: ['shop'] },
            { key: 'team', operator: 'In', values: ['a'] },
          ],
          doubt: false,
        },
      ],
      own,
    ],
  ])('%s', (text, expected, scope) => {
    expect(podsOf(parsed(text), scope, [])).toEqual(expected)
  })
})

describe('network sets (networksetprocessor.go, rules.go getEndpointSelector)', () => {
  const set = (namespace: string | null, labels: Labels = { role: 'db' }): NetworkSetRef => ({
    name: 's',
    namespace,
    labels,
    cidrs: NO_ADDRESSES,
    domains: false,
  })
  const inNamespaces = (text: string): Expression => prefixed(parsed(text), 'pcns.')
  const own = { own: { namespace: 'shop' } }
  it.each<[string, Expression, NetworkSetRef, { own: { namespace: string | undefined } | null }, string]>([
    ['of the own namespace', parsed("role == 'db'"), set('shop'), own, 'yes'],
    ['of another namespace', parsed("role == 'db'"), set('other'), own, 'no'],
    ['a global one without global()', parsed("role == 'db'"), set(null), own, 'no'],
    ['global()', allOf([inNamespaces('global()'), parsed("role == 'db'")]), set(null), EVERY, 'yes'],
    ['global() has none of a namespace', inNamespaces('global()'), set('shop'), EVERY, 'no'],
    ['all() has none that is global', inNamespaces('all()'), set(null), EVERY, 'no'],
    ['all() has every one of a namespace', inNamespaces('all()'), set('shop'), EVERY, 'yes'],
    [
      'by the name of its namespace',
      inNamespaces("projectcalico.org/name == 'shop'"),
      set('shop'),
      EVERY,
      'yes',
    ],
    ['by other labels of its namespace', inNamespaces("team == 'a'"), set('shop'), EVERY, 'maybe'],
    ...["team != 'a'", '!has(team)', "team not in {'a'}", "projectcalico.org/name != 'shop'"].map(
      (text): [string, Expression, NetworkSetRef, typeof EVERY, string] => [
        `by what no namespace of it has, where Felix and its documentation differ: ${text}`,
        inNamespaces(text),
        set(null),
        EVERY,
        'maybe',
      ],
    ),
    ['by what no namespace of it has', inNamespaces("team == 'a'"), set(null), EVERY, 'no'],
    [
      'by what no namespace of it has, and by labels it lacks',
      allOf([inNamespaces("team != 'a'"), parsed("role == 'x'")]),
      set(null),
      EVERY,
      'no',
    ],
    [
      'by what no service account of it has',
      prefixed(parsed("team != 'a'"), 'pcsa.'),
      set('shop'),
      own,
      'maybe',
    ],
    [
      'by the namespace as a label of its own (GlobalNetworkPolicy, spec)',
      parsed("projectcalico.org/namespace != 'shop'"),
      set(null),
      EVERY,
      'yes',
    ],
    [
      'by labels it lacks, whatever its namespace',
      allOf([inNamespaces("team == 'a'"), parsed("role == 'x'")]),
      set('shop'),
      EVERY,
      'no',
    ],
    [
      'of a policy whose namespace is not known',
      parsed("role == 'db'"),
      set('shop'),
      { own: { namespace: undefined } },
      'maybe',
    ],
    [
      'whose namespace is not known',
      inNamespaces("projectcalico.org/name == 'shop'"),
      set(''),
      EVERY,
      'maybe',
    ],
    ['of a policy of the cluster', parsed("role == 'db'"), set('shop'), EVERY, 'yes'],
  ])('%s', (_name, expression, ref, scope, expected) => {
    expect(setMatches(expression, ref, scope)).toBe(expected)
  })
})

describe('requirements about texts, among selectors', () => {
  const starts = { key: 'app', operator: 'StartsWith', text: 'w', negated: false } as const
  const not = { ...starts, negated: true }
  it('imply only themselves', () => {
    expect(implies([starts], [{ ...starts }])).toBe(true)
    expect(implies([starts], [not])).toBe(false)
    expect(implies([starts], [{ ...starts, text: 'x' }])).toBe(false)
    expect(implies([starts], [{ ...starts, operator: 'EndsWith' }])).toBe(false)
    expect(implies([starts], [])).toBe(true)
  })
  it('overlap where some value fits, or where it cannot be told', () => {
    expect(overlap([starts], [{ key: 'app', operator: 'In', values: ['web', 'db'] }])).toBe(true)
    expect(overlap([starts], [{ key: 'app', operator: 'In', values: ['db'] }])).toBe(false)
    expect(overlap([not], [{ key: 'app', operator: 'In', values: ['web'] }])).toBe(false)
    expect(overlap([starts], [not])).toBe(true)
  })
  it('match and are described', () => {
    expect(matchesPartly([starts], {})).toBe('maybe')
    expect(matchesPartly([starts], { app: 'db' })).toBe('no')
    expect(matches([not], {})).toBe(true)
    expect(describeSelector([starts, { key: 'a', operator: 'Contains', text: 'b', negated: true }])).toBe(
      "a not contains 'b',app starts with 'w'",
    )
  })
})
