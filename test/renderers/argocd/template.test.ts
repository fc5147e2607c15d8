// Templates of ApplicationSets. What a row of Go's says was put to text/template and sprig 3.3 of Go 1.26 as Argo CD
// sets them up; what we do not evaluate is `unsupported`, never a guess.
import { describe, expect, test } from 'vitest'
import { goTemplate, sanitizeName } from '../../../src/manifests/renderers/argocd/go-template.ts'
import { replaceIn } from '../../../src/manifests/renderers/argocd/template.ts'

const PARAMS = {
  s: 'Shop',
  big: 1_000_000,
  n: 8080,
  huge: 1e21,
  f: 1.5,
  b: true,
  nul: null,
  empty: '',
  zero: 0,
  list: ['a', 2, { x: 'y' }],
  m: { a: { b: 'deep' }, e: {}, l: [] },
  path: { path: 'apps/a', basename: 'a', segments: ['apps', 'a'] },
}

const said = (template: string, strict = false): string => {
  const result = goTemplate(template, PARAMS, strict)
  return result.ok ? `=${result.text}` : result.kind
}

describe('Go', () => {
  test.each([
    ['{{ .s }}', '=Shop'],
    ['{{.n}}', '=8080'],
    // fmt's %v of a float64.
    ['{{.big}}', '=1e+06'],
    ['{{.huge}}', '=1e+21'],
    ['{{.f}}', '=1.5'],
    ['{{.b}}', '=true'],
    ['{{.nul}}', '=<no value>'],
    ['{{.missing}}', '=<no value>'],
    ['{{.missing.x}}', '=<no value>'],
    ['{{.s.x}}', 'failed'],
    ['{{.nul.x}}', 'failed'],
    ['{{.path.path}}', '=apps/a'],
    ['{{ index .path.segments 1 }}', '=a'],
    ['{{ index .path.segments 5 }}', 'failed'],
    ['{{ index .path.segments -1 }}', 'failed'],
    ['{{ index .path.segments "1" }}', 'failed'],
    ['{{ index .m "a" "b" }}', '=deep'],
    ['{{ index .m "zz" }}', '=<no value>'],
    ['{{ index .list 2 "x" }}', '=y'],
    ['{{ index .nul "x" }}', 'failed'],
    ['{{ .s | lower }}', '=shop'],
    ['{{ .n | lower }}', 'failed'],
    ['{{ .missing | lower }}', 'failed'],
    ['{{ .missing | default "y" }}', '=y'],
    ['{{ .m.zz.yy | default "d" }}', '=d'],
    ['{{ .empty | default "y" }}', '=y'],
    ['{{ .zero | default "y" }}', '=y'],
    ['{{ .m.e | default "y" }}', '=y'],
    ['{{ .m.l | default "y" }}', '=y'],
    ['{{ default "y" .s }}', '=Shop'],
    ['{{ .s | quote }}', '="Shop"'],
    ['{{ .f | quote }}', '="1.5"'],
    ['{{ .nul | quote }}', '='],
    ['{{ .s | squote | quote }}', `="'Shop'"`],
    ['{{ .s | trim | upper }}', '=SHOP'],
    ['{{ .path.path | replace "/" "-" }}', '=apps-a'],
    ['{{ .s | trimSuffix "p" }}', '=Sho'],
    ['{{ trimPrefix "S" .s }}', '=hop'],
    ['{{ (index .path.segments 0) | upper }}', '=APPS'],
    ['{{ base .path.path }}', '=a'],
    ['{{ printf "%s-%s" .s .path.basename }}', '=Shop-a'],
    ['{{ dig "m" "a" "b" "none" . }}', '=deep'],
    ['{{ dig "m" "q" "b" "none" . }}', '=none'],
    ['{{ dig "nameSuffix" "" . }}', '='],
    ['{{ .list | toJson }}', '=["a",2,{"x":"y"}]'],
    ['{{ toJson "<a>&" }}', '="\\u003ca\\u003e\\u0026"'],
    ['{{ normalize "Apps/My_App." }}', '=apps-my-app'],
    ['a {{- .s -}} b', '=aShopb'],
    ['a {{- .s }}  b', '=aShop  b'],
    ['a {{/* why */}}b', '=a b'],
    ['a {{- /* why */ -}} b', '=ab'],
    ['{{`raw`}}{{ "q\\n" }}{{ 5 }}{{ true }}', '=rawq\n5true'],
    ['}} {{.s}} }}', '=}} Shop }}'],
    ['no template', '=no template'],
    ['{{ .s', 'failed'],
  ])('%s is %s', (template, result) => {
    expect(said(template)).toBe(result)
  })

  test.each([
    ['{{.missing}}', 'failed'],
    ['{{.missing | default "y"}}', 'failed'],
    ['{{.m.zz}}', 'failed'],
    // The key is there.
    ['{{.nul}}', '=<no value>'],
    // `index` and `dig` do not mind.
    ['{{ index .m "zz" }}', '=<no value>'],
    ['{{ dig "nameSuffix" "-x" . }}', '=-x'],
  ])('with missingkey=error, %s is %s', (template, result) => {
    expect(said(template, true)).toBe(result)
  })

  test.each([
    '{{ if .s }}a{{ end }}',
    '{{ range .list }}a{{ end }}',
    '{{ with .m }}a{{ end }}',
    '{{ $x := .s }}{{ $x }}',
    '{{ .s | sha256sum }}',
    '{{ .s | trunc 2 }}',
    '{{ slugify .s }}',
    '{{ .list }}',
    '{{ .m.a }}',
    '{{ . }}',
    '{{ index .s 0 }}',
    "{{ 'a' }}",
    '{{ "ü" | upper }}',
    '{{ "say \\"a\\"" | quote }}',
    '{{ printf "%d" .n }}',
    '{{ printf "%s" .n }}',
    '{{ .a-b }}',
    '{{ 1.0 }}',
    '{{ 010 }}',
    '{{ 1000000 }}',
    '{{}}',
    `{{ ${'('.repeat(5000)}.s${')'.repeat(5000)} }}`,
  ])('%s is not evaluated', (template) => {
    expect(said(template)).toBe('unsupported')
  })

  test('names of Object are no parameters', () => {
    expect(said('{{ .constructor }}{{ .__proto__ }}')).toBe('=<no value><no value>')
    expect(said('{{ constructor .s }}')).toBe('unsupported')
  })

  test('a text that grows without end is cut off', () => {
    const result = goTemplate('{{ .a }}'.repeat(1000), { a: 'x'.repeat(10_000) }, false)
    expect(result).toMatchObject({ ok: false, kind: 'unsupported' })
  })

  test('white space beside a template costs what it is long', () => {
    const spaces = ' '.repeat(200_000)
    expect(said(`a${spaces}b {{- .s -}} ${spaces}c`)).toBe(`=a${spaces}bShopc`)
  })
})

describe('the older syntax', () => {
  const FLAT = { path: 'apps/a', 'path.basename': 'a', 'path[0]': 'apps', 'values.x': 'y', number: 5 }
  const old = (value: unknown): unknown => {
    const result = replaceIn(value, FLAT, { isGo: false, isStrict: false })
    return result.ok ? result.value : result.kind
  }

  test.each([
    ['{{path}}', 'apps/a'],
    ['{{ path.basename }}-{{path[0]}}', 'a-apps'],
    ['{{values.x}}', 'y'],
    // "replacement, ok := replaceMap[trimmedTag].(string)": what is no text stays as it is written.
    ['{{number}}', '{{number}}'],
    ['{{ nothing }}', '{{ nothing }}'],
    ['{{}}', '{{}}'],
    ['{{toString}}', '{{toString}}'],
    ['{{path', '{{path'],
    ['{{path}} {{path', 'failed'],
    ['plain', 'plain'],
  ])('%s is %s', (template, result) => {
    expect(old(template)).toBe(result)
  })

  test('every string is replaced, keys too, and nothing else', () => {
    expect(old({ '{{path.basename}}': ['{{path}}', 1, null, true, { a: '{{values.x}}' }] })).toEqual({
      a: ['apps/a', 1, null, true, { a: 'y' }],
    })
  })

  // RenderTemplateParams: "if len(params) == 0 { return tmpl }".
  test('without parameters a template stays as it is', () => {
    expect(replaceIn('{{ .a }}', {}, { isGo: true, isStrict: true })).toEqual({ ok: true, value: '{{ .a }}' })
  })
})

// SanitizeName in applicationset/utils/template_functions.go.
test.each([
  ['My_App', 'my-app'],
  ['-a.b-', 'a.b'],
  ['.', ''],
  ['a'.repeat(300), 'a'.repeat(253)],
])('%s is sanitized to %s', (name, result) => {
  expect(sanitizeName(name)).toBe(result)
})
