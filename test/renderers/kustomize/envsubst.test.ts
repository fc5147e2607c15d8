import { describe, expect, it } from 'vitest'
import { envsubst } from '../../../src/manifests/renderers/kustomize/envsubst.ts'
import {
  flatVariables,
  refusedNames,
  replaceInValue,
} from '../../../src/manifests/renderers/kustomize/substitute.ts'

const variables = (values: Readonly<Record<string, string>>): ReadonlyMap<string, string> =>
  new Map(Object.entries(values))
const text = (input: string, values: Readonly<Record<string, string>> = {}): string => {
  const result = envsubst(input, variables(values))
  return result.ok ? result.text : `failed: ${result.message}`
}

// The table of fluxcd/pkg, envsubst/eval_test.go.
describe('an expression gives what it gives upstream', () => {
  it.each<[string, string, Record<string, string>]>([
    ['abcdEFGH28ij', 'abcdEFGH28ij', {}],
    ['${#var01}', '12', { var01: 'abcdEFGH28ij' }],
    ['${var01^}', 'AbcdEFGH28ij', { var01: 'abcdEFGH28ij' }],
    ['${var01^^}', 'ABCDEFGH28IJ', { var01: 'abcdEFGH28ij' }],
    ['${var01,}', 'aBCDEFGH28IJ', { var01: 'ABCDEFGH28IJ' }],
    ['${var01,,}', 'abcdefgh28ij', { var01: 'ABCDEFGH28IJ' }],
    ['${path_name:11}', 'ideas/thoughts.for.today', { path_name: '/home/bozo/ideas/thoughts.for.today' }],
    ['${path_name:11:5}', 'ideas', { path_name: '/home/bozo/ideas/thoughts.for.today' }],
    ['${var=xyz}', 'abc', { var: 'abc' }],
    ['${var=xyz}', 'xyz', {}],
    ['something ${var=${default_var}}', 'something foo', { default_var: 'foo' }],
    ['foo: ${var=${default_var}-suffix}', 'foo: foo1-suffix', { default_var: 'foo1' }],
    ['foo: ${var=prefix${default_var}-suffix}', 'foo: prefixfoo1-suffix', { default_var: 'foo1' }],
    ['${var:=xyz}', 'xyz', {}],
    ['${stringZ/%abc/XYZ}', 'abcABC123ABCXYZ', { stringZ: 'abcABC123ABCabc' }],
    ['${stringZ/#abc/XYZ}', 'XYZABC123ABCabc', { stringZ: 'abcABC123ABCabc' }],
    ['${stringZ/#/prefix-}', 'prefix-somevalue', { stringZ: 'somevalue' }],
    ['${stringZ/%/-suffix}', 'somevalue-suffix', { stringZ: 'somevalue' }],
    ['${stringZ//abc/xyz}', 'xyzABC123ABCxyz', { stringZ: 'abcABC123ABCabc' }],
    ['${stringZ/abc/xyz}', 'xyzABC123ABCabc', { stringZ: 'abcABC123ABCabc' }],
    ['${filename#*.}', 'string.txt', { filename: 'bash.string.txt' }],
    ['${filename#*/}', 'to/file', { filename: 'path/to/file' }],
    ['${filename#*/}', 'path/to/file', { filename: '/path/to/file' }],
    ['${filename##*.}', 'txt', { filename: 'bash.string.txt' }],
    ['${filename##*/}', 'file', { filename: '/path/to/file' }],
    ['${filename%.*}', 'bash.string', { filename: 'bash.string.txt' }],
    ['${filename%%.*}', 'bash', { filename: 'bash.string.txt' }],
    ['${var=${var01^^}}', 'ABCDEFGH28IJ', { var01: 'abcdEFGH28ij' }],
    ['$${var01}', '${var01}', { var01: 'abcdEFGH28ij' }],
    [
      'some text ${var01}$${var$${var01}$var01${var01}',
      'some text abcdEFGH28ij${var${var01}$var01abcdEFGH28ij',
      { var01: 'abcdEFGH28ij' },
    ],
    ['something $${var=${default_var}}', 'something ${var=foo}', { default_var: 'foo' }],
    ['${stringZ/\\//-}', 'foo-bar', { stringZ: 'foo/bar' }],
    ['${stringZ//\\//-}', 'foo-bar-baz', { stringZ: 'foo/bar/baz' }],
    ['\\\\something ${var=${default_var}}', '\\\\something foo', { default_var: 'foo' }],
    ['${stringZ/./}', 'foobar', { stringZ: 'foo.bar' }],
    ['${missing}', '', {}],
    ['${missing:-fallback}', 'fallback', {}],
    ['${foo}', '', { foo: '' }],
    // funcs.go: `+` and `?` are defaults, too, and no number changes nothing.
    ['${missing:+other}${there:+other}', 'otherabc', { there: 'abc' }],
    ['${there:x}', 'abc', { there: 'abc' }],
    ['${there:-1}', 'abc', { there: 'abc' }],
    ['${there:1:-1}', 'b', { there: 'abc' }],
    // Go counts bytes.
    ['${#there}', '4', { there: 'äö' }],
    ['a $5 and $name', 'a $5 and $name', { name: 'x' }],
  ])('%s', (input, output, values) => {
    expect(text(input, values)).toBe(output)
  })

  it.each([
    ['${}', 'unable to parse variable name'],
    ['${a', 'missing closing brace'],
    ['${a-b}', 'missing closing brace'],
    ['${a[@]}', 'missing closing brace'],
    ['${a:}', 'unable to parse substitution within function'],
    ['${a/b}', 'bad substitution'],
    ['${a:-', 'unable to parse substitution within function'],
  ])('%s is refused, as upstream', (input, message) => {
    expect(envsubst(input, variables({ a: 'x' }))).toEqual({ ok: false, known: true, message })
  })

  it('does not evaluate what may cost too much, or patterns with classes', () => {
    const big = 'x'.repeat(1024 * 1024)
    for (const [input, values] of [
      ['${a%[x]}', { a: 'xx' }],
      ['${a#*}', { a: big }],
      ['${a}'.repeat(10), { a: big }],
      ['${a//x/${b}}', { a: big, b: big }],
      ['${a:-'.repeat(100_000), {}],
    ] as const)
      expect(envsubst(input, variables(values))).toMatchObject({ ok: false, known: false })
  })
})

describe('variables', () => {
  it('have names that Flux takes, and no line breaks', () => {
    expect(refusedNames(variables({ a_1: '', '1a': '', 'a-b': '', _: '' }))).toEqual(['1a', 'a-b'])
    expect(flatVariables(variables({ a: 'x\ny\n' })).get('a')).toBe('xy')
  })

  it('are replaced in values as in the text that kustomize prints', () => {
    const values = variables({ port: '8080', name: 'web', yes: 'true' })
    expect(
      replaceInValue(
        {
          a: '${port}',
          b: '${name}-1',
          c: '${missing}',
          d: ['$$x', '${yes}'],
          '${name}': 1,
          e: 'say: ${port}',
        },
        values,
      ),
    ).toEqual({ a: 8080, b: 'web-1', c: null, d: ['$x', true], web: 1, e: 'say: 8080' })
  })
})
