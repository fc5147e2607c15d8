// What is not parsed must be of no kind that matters, however it is written.
import { describe, expect, it } from 'vitest'
import { mayMatter } from '../../src/manifests/may-matter.ts'

const OTHERS = {
  'a kind that says nothing': 'apiVersion: v1\nkind: ConfigMap\n',
  'the subject of a binding':
    'apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nsubjects:\n  - kind: Group\n    name: x\n-   kind: Tier\n',
  'a manifest inside another': '# x\n\nkind: ConfigMap\ndata:\n  a.yaml: |\n    kind: NetworkPolicy\n',
  'no manifest at all': 'on: [push]\njobs: {a: {kind: x}}\n',
}

const RELEVANT = {
  'as people write it': 'apiVersion: v1\nkind: Namespace\n',
  JSON: '{"metadata": {}, "kind": "Namespace"}',
  'in a List': 'kind: List\nitems:\n  - kind: Namespace\n',
  'indented as a whole': '  apiVersion: v1\n  kind: Namespace\n',
  'in brackets, behind a line that looks like a key': '{a: {\nkind: Foo\n},\n  kind: Namespace}',
  'behind a comment of one line': '# \u2028kind: Foo\n  a: b\n  kind: Namespace\n',
  'behind a quoted text of several lines': 'a: "\nkind: Foo\n"\nkind: Namespace\n',
  'by a merge': 'a: &b\n  kind: Namespace\nkind: Foo\n<<: *b\n',
  'with a quoted key': 'kind_: x\n"kind": Namespace\n',
  'with an escaped key': 'a: "\nkind: Foo\n"\n"\\x6bind": Namespace\n',
  'with a tag': 'a: b\n!!str kind: Namespace\n',
  'as an alias': 'a: &b Namespace\nkind: *b\n',
  'on the next line': 'a: b\nkind:\n  Namespace\n',
  'twice, so that nobody knows': 'kind: ConfigMap\nkind: Namespace\n',
  'without a kind, and broken': 'apiVersion: v1\nkin: Namespace\n',
  'by the explicit key': 'a: b\n? kind\n: Namespace\n',
}

describe('mayMatter', () => {
  it.each(Object.entries(OTHERS))('leaves %s unparsed', (_, document) => {
    expect(mayMatter(document)).toBe(false)
  })

  it.each(Object.entries(RELEVANT))('sees a relevant kind %s', (_, document) => {
    expect(mayMatter(document)).toBe(true)
  })

  it('takes any length', () => {
    expect(mayMatter(`${'\n'.repeat(9_000_000)}kind: ConfigMap\n`)).toBe(false)
    expect(mayMatter(`kind: ConfigMap\ndata:\n${'  kind: Tier\n'.repeat(500_000)}`)).toBe(false)
  })
})
