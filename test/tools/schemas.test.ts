// Which schemas of charts stay inside their charts, and which are kept from helm. The real helm is asked the same in
// real-schemas.test.ts.
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { withoutWaysOut } from '../../src/manifests/tools/schemas.ts'
import { chart, pax, tar, tgz } from '../remote/archives.ts'
import { OUTWARD } from './outward.ts'

const CHART = 'apiVersion: v2\nname: c\nversion: 1.0.0\n'
type Content = string | Uint8Array

/** The paths that are passed on of a chart with this schema, or the sentence that refuses it. */
function passes(files: Readonly<Record<string, Content>>): readonly string[] | string {
  const kept = withoutWaysOut(new Map(Object.entries(files)))
  return typeof kept === 'string' ? kept : [...kept.keys()]
}
const isKept = (schema: Content): boolean =>
  passes({ 'c/Chart.yaml': CHART, 'c/values.schema.json': schema }).includes('c/values.schema.json')

const packed = (schema: Content, files: Readonly<Record<string, string>> = {}): Buffer =>
  tgz([
    { name: 'sub/Chart.yaml', content: CHART },
    { name: 'sub/values.schema.json', content: schema },
    ...Object.entries(files).map(([name, content]) => ({ name: `sub/${name}`, content })),
  ])
const said = (archive: Uint8Array): readonly string[] | string => passes({ 'c/charts/sub.tgz': archive })
const PASSED = ['c/charts/sub.tgz']
const LEADS_OUT = '"c/charts/sub.tgz" may hold a values.schema.json that refers to something outside of it'

const INWARD = {
  'no reference': '{"type": "object"}',
  'a boolean': 'true',
  'a reference to itself': '{"properties": {"a": {"$ref": "#/definitions/a"}, "b": {"$ref": "#"}}}',
  'the draft of most charts': '{"$schema": "http://json-schema.org/schema#"}',
  'a draft': '{"$schema": "http://json-schema.org/draft-07/schema#"}',
  'a later draft': '{"$schema": "https://json-schema.org/draft/2020-12/schema", "$dynamicRef": "#meta"}',
  'a name of its own':
    '{"$id": "https://example.com/charts/values.schema.json", "properties": {"a": {"$ref": "#/d"}}}',
  'names within it': '{"properties": {"a": {"$id": "#/properties/a"}, "b": {"id": "b"}}}',
  'properties that are called so':
    '{"properties": {"$ref": {"type": "string"}, "id": {"type": "string"}, "$schema": {}, "$id": {}}}',
  'an address that is no reference': '{"description": "see https://example.com", "default": "file:///x"}',
  'a byte order mark': '\ufeff{"type": "object"}',
}

describe('a schema that stays inside', () => {
  it.each(Object.entries(INWARD))('is passed on: %s', (_, schema) => {
    expect(isKept(schema)).toBe(true)
    expect(said(packed(schema))).toEqual(PASSED)
  })
})

describe('a schema that leads out', () => {
  it.each(Object.entries(OUTWARD('file:///secret.json')))('is left out: %s', (_, schema) => {
    expect(isKept(schema)).toBe(false)
    expect(said(packed(schema))).toBe(LEADS_OUT)
  })

  it('is left out wherever there is a Chart.yaml beside it, and the rest is passed on as it is', () => {
    const schema = '{"$ref": "http://example.com/"}'
    const files = {
      'a/Chart.yaml': CHART,
      'a/values.schema.json': schema,
      'a/charts/b/./Chart.yaml': CHART,
      'a/charts/b/values.schema.json': schema,
      'a/charts//C/chart.yaml': CHART,
      'a/charts/c/Chart.yaml': CHART,
      'a/charts/C/values.schema.json': schema,
      'a/files/values.schema.json': schema,
      'a/values.schema.json.bak': schema,
    }
    const left = Object.keys(files).filter((path) => !/\/[abC]\/values\.schema\.json$/.test(`/${path}`))
    expect(passes(files)).toEqual(left)
  })
})

describe('what cannot be read', () => {
  it.each([
    ['text after it, over which helm 3 passes', '{"type": "object"} {}'],
    ['no JSON', '{type: object}'],
    ['nothing', ''],
    ['no UTF-8', Buffer.from([0x22, 0xff, 0x22])],
    ['more than 5 MiB', `{"a": "${'x'.repeat(5 * 1024 * 1024)}"}`],
  ])('is left out: %s', (_, schema) => {
    expect(isKept(schema)).toBe(false)
  })

  it('is read however deep it is', () => {
    const deep = (inner: string): string => '{"a":['.repeat(100_000) + inner + ']}'.repeat(100_000)
    expect(isKept(deep('{}'))).toBe(true)
    expect(isKept(deep('{"$ref": "x"}'))).toBe(false)
  })
})

describe('a packed chart', () => {
  const OUT = '{"$ref": "file:///secret.json"}'

  it('is passed on with whatever its other files say', () => {
    const files = {
      'README.md': '{ "$ref": "file:///x" } is what must not be in it',
      'templates/a.yaml': '{{ "$ref" }}',
      'files/a.json': '{"text": "\\u003cb\\u003e", "$refs": "x"}',
      'files/flow.yaml': '{"$ref": file:///x}',
    }
    expect(said(packed('{}', { ...files, 'README.md': `# ${files['README.md']}` }))).toEqual(PASSED)
    expect(said(chart('sub', '1.0.0', { 'a.json': OUT }))).toEqual(PASSED)
  })

  it('is refused wherever in it the schema may begin', () => {
    const QUOTED = String.raw`{"title": "\\\"}", "$ref": "file:///secret.json"}`
    const spaces = ' \n\r\t'.repeat(1000)
    for (const schema of [
      spaces + OUT,
      `\ufeff${OUT}`,
      `\ufeff${spaces}{${spaces}${OUT.slice(1)}`,
      `${OUT} {}`,
      QUOTED,
    ])
      expect(said(packed(schema))).toBe(LEADS_OUT)
    // By names, types and sizes that readers may take in different ways.
    const hidden = [
      [{ name: 'sub\\values.schema.json', content: OUT }],
      [{ name: 'values.schema.json', prefix: 'sub', content: OUT }],
      [
        { name: 'PaxHeader', type: 'x', content: pax('path', 'sub/values.schema.json') },
        { name: 'sub/other', content: OUT },
      ],
      [{ name: 'sub/values.schema.json', type: '7', content: OUT }],
      [{ name: 'sub/x', content: 'x'.repeat(512) + OUT }, { name: 'sub/values.schema.json' }],
    ]
    for (const entries of hidden) expect(said(tgz(entries))).toBe(LEADS_OUT)
  })

  it('is known by its content, whatever it is called, and behind a byte order mark', () => {
    const archive = packed(OUT)
    expect(passes({ 'c/data': archive })).toBe(LEADS_OUT.replace('c/charts/sub.tgz', 'c/data'))
    expect(said(Buffer.concat([Buffer.from('\ufeff'), archive]))).toBe(LEADS_OUT)
  })

  it('is read in all of its members', () => {
    const [head, rest] = [tar([{ name: 'sub/values.schema.json', content: OUT }])].flatMap((bytes) => [
      bytes.subarray(0, 512),
      bytes.subarray(512),
    ])
    expect(said(Buffer.concat([gzipSync(head ?? ''), gzipSync(rest ?? '')]))).toBe(LEADS_OUT)
  })

  it('is refused with a packed chart in it', () => {
    const why = '"c/charts/sub.tgz" holds another packed file'
    for (const mark of ['', '\ufeff']) {
      const inner = Buffer.concat([Buffer.from(mark), packed('{}')])
      expect(said(tgz([{ name: 'sub/charts/inner.tgz', content: inner }]))).toBe(why)
    }
    expect(said(tgz([{ name: 'sub/files/data.gz', content: gzipSync('{}') }]))).toEqual(PASSED)
  })

  it('is refused where it cannot be unpacked, or takes too much', () => {
    const why = '"c/charts/sub.tgz" cannot be unpacked within the limits'
    expect(said(packed('{}').subarray(0, -12))).toBe(why)
    expect(said(gzipSync(Buffer.alloc(65 * 1024 * 1024)))).toBe(why)
    const half = gzipSync(Buffer.alloc(33 * 1024 * 1024))
    expect(said(half)).toEqual(PASSED)
    expect(passes({ a: half, b: half })).toBe('"b" cannot be unpacked within the limits')
  })

  it('is refused where reading it takes too much', () => {
    // Each block begins an object that does not end.
    const blocks = `{"a":${' '.repeat(507)}`.repeat(20_000)
    expect(said(packed('{}', { 'files/a': blocks }))).toBe(LEADS_OUT)
    expect(said(packed(`{"a": "${'x'.repeat(5 * 1024 * 1024)}"}`))).toBe(LEADS_OUT)
    // What can be no JSON is left there.
    for (const none of ['{{ a', '{"a\n', '{"a"\xe9', '{"a"\x01']) {
      const block = none + ' '.repeat(512 - Buffer.byteLength(none))
      expect(said(packed('{}', { 'files/a': block.repeat(20_000) }))).toEqual(PASSED)
    }
    // White space is gone over once: this takes as long as it takes to unpack it.
    expect(said(packed('{}', { 'files/a': ' '.repeat(30 * 1024 * 1024) }))).toEqual(PASSED)
  })
})
