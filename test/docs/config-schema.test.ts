// The published JSON Schema is up to date, describes every key, and takes and refuses the files that readConfig does.
// UPDATE_DOCS=1 writes it.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv } from 'ajv'
import formats from 'ajv-formats'
import { describe, expect, it } from 'vitest'
import { readConfig } from '../../src/core/config.ts'
import { readDocument, splitDocuments } from '../../src/core/yaml/index.ts'
import { SCHEMA_URL, configJsonSchema } from './config-schema.ts'

const DOCS = join(import.meta.dirname, '../../docs')
const FILE = join(DOCS, 'ambient-guard.schema.json')
const PAGE = readFileSync(join(DOCS, 'configuration.md'), 'utf8')

it('is up to date', () => {
  const wanted = `${JSON.stringify(configJsonSchema(), null, 2)}\n`
  if (process.env.UPDATE_DOCS === '1') writeFileSync(FILE, wanted)
  expect(readFileSync(FILE, 'utf8')).toBe(wanted)
})

it('is named in docs/configuration.md as editors want it', () => {
  expect(PAGE).toContain(`\n# yaml-language-server: $schema=${SCHEMA_URL}\n`)
})

interface Node {
  readonly type?: string
  readonly description?: string
  readonly properties?: Readonly<Record<string, Node>>
  readonly additionalProperties?: Node | false
  readonly items?: Node
  readonly anyOf?: readonly Node[]
  readonly oneOf?: readonly Node[]
}

it('describes every key, and takes no others', () => {
  const silent: string[] = []
  const open: string[] = []
  const walk = (node: Node, at: string): void => {
    if (node.type === 'object' && node.additionalProperties === undefined) open.push(at)
    for (const [key, inner] of Object.entries(node.properties ?? {})) {
      if ((inner.description ?? '') === '') silent.push(`${at}.${key}`)
      walk(inner, `${at}.${key}`)
    }
    const below = [node.items, node.additionalProperties, ...(node.anyOf ?? []), ...(node.oneOf ?? [])]
    for (const inner of below) if (inner !== undefined && inner !== false) walk(inner, `${at}[]`)
  }
  walk(configJsonSchema() as Node, '')
  expect({ silent, open }).toEqual({ silent: [], open: [] })
})

const ajv = new Ajv({ allErrors: true })
formats.default(ajv, ['date'])
const isValid = ajv.compile(JSON.parse(readFileSync(FILE, 'utf8')) as object)

/** What the schema and the program say of a file. */
function verdicts(text: string): { readonly schema: boolean; readonly program: boolean } {
  const [document] = splitDocuments(text)
  const read = document === undefined ? null : readDocument(text, document)
  if (read?.ok !== true) throw new Error('The example is no YAML.')
  return { schema: isValid(read.value), program: readConfig('c.yml', text).problems.length === 0 }
}

const [, PAGES_OWN = ''] = /^```yaml \.github\/ambient-guard\.yml\n(.*?)^```$/ms.exec(PAGE) ?? []
const WAIVER = 'rule: isolated, workload: Deployment/a/b, reason: soon, owner: us'

describe('takes', () => {
  it.each([
    ['the example of the documentation', PAGES_OWN],
    ['nothing', '{}'],
    ['the version', 'version: 1'],
    ['a bare off, and a quoted one', 'rules: {isolated: off, hbone-ingress: "off"}'],
    ['clusters of any name', 'clusters: {"east/1": {}, default: {namespace: shop}}'],
    [
      'addresses of both families',
      'clusters: {a: {ipFamilies: [IPv6, IPv4], podCIDRs: [10.0.0.0/8, "fd00::/8"]}}',
    ],
    ['addresses and blocks of probes', 'clusters: {a: {mesh: {probeSources: [10.0.0.1, "fd00::1/128"]}}}'],
    [
      'selectors',
      'clusters: {a: {mesh: {enablementSelectors: [{podSelector: {matchLabels: {a: b}, matchExpressions: [{key: a, operator: In, values: [b]}, {key: c, operator: Exists}]}}]}}}',
    ],
    ['a mode of Cilium', 'clusters: {a: {cilium: {policyEnforcementMode: always}}}'],
    ['labels and objects outside Git', 'clusters: {a: {assume: {namespaces: {b: {}}, manifests: [c.yaml]}}}'],
    ['no waivers', 'waivers: []'],
    ['a waiver that ends on a day of a leap year', `waivers: [{${WAIVER}, expires: 2028-02-29}]`],
    ['hosts', 'remote: {allow: [a.example.com, "*.example.com", "A.example.com:8443", localhost]}'],
    ['drafts', 'comments: {drafts: true}'],
  ])('%s', (_, text) => {
    expect(verdicts(text)).toEqual({ schema: true, program: true })
  })
})

describe('refuses', () => {
  it.each([
    ['another version', 'version: 2'],
    ['a key that nobody knows', 'failon: any'],
    ['a key that nobody knows, further in', 'clusters: {a: {podCIDR: [10.0.0.0/8]}}'],
    ['a rule that is none', 'rules: {hbone-ingres: error}'],
    ['a severity that is none', 'rules: {isolated: fatal}'],
    ['on', 'rules: {isolated: on}'],
    ['a word that failOn does not take', 'failOn: always'],
    ['a list where there should be a mapping', 'clusters: [a]'],
    ['a word where there should be a list', 'ignorePaths: docs/**'],
    ['an empty pattern', 'ignorePaths: [""]'],
    ['no paths', 'clusters: {a: {paths: []}}'],
    ['a CNI that is none', 'clusters: {a: {cni: celium}}'],
    ['a port that is none', 'clusters: {a: {mesh: {hbonePort: 65536}}}'],
    ['half a port', 'clusters: {a: {mesh: {hbonePort: 1.5}}}'],
    ['three families', 'clusters: {a: {ipFamilies: [IPv4, IPv6, IPv4]}}'],
    ['an address that is a name', 'clusters: {a: {mesh: {probeSources: [probe.example.com]}}}'],
    ['an address where there should be a block', 'clusters: {a: {podCIDRs: [10.0.0.1]}}'],
    [
      'values where there can be none',
      'clusters: {a: {mesh: {enablementSelectors: [{podSelector: {matchExpressions: [{key: a, operator: Exists, values: [b]}]}}]}}}',
    ],
    [
      'no values where there must be some',
      'clusters: {a: {mesh: {enablementSelectors: [{podSelector: {matchExpressions: [{key: a, operator: In}]}}]}}}',
    ],
    ['another mode of Cilium', 'clusters: {a: {cilium: {policyEnforcementMode: sometimes}}}'],
    ['a waiver without an end', `waivers: [{${WAIVER}}]`],
    ['a waiver that ends on no day', `waivers: [{${WAIVER}, expires: soon}]`],
    ['a waiver that ends on a day that never comes', `waivers: [{${WAIVER}, expires: 2027-02-29}]`],
    [
      'a waiver without a reason',
      'waivers: [{rule: isolated, workload: a, reason: "", owner: us, expires: 2027-01-31}]',
    ],
    ['a URL as a host', 'remote: {allow: ["https://example.com"]}'],
    ['every host', 'remote: {allow: ["*"]}'],
    ['a top-level domain', 'remote: {allow: ["*.com"]}'],
    ['a word where there should be a truth', 'comments: {drafts: "yes"}'],
  ])('%s', (_, text) => {
    expect(verdicts(text)).toEqual({ schema: false, program: false })
  })
})
