// What `remote.allow` may hold. A host that is wrong costs itself, and no other.
import { expect, it } from 'vitest'
import { DEFAULT_CONFIG, readConfig } from '../../src/core/config.ts'

function read(...hosts: readonly string[]): {
  readonly allow: readonly string[]
  readonly messages: readonly string[]
} {
  const { config, problems } = readConfig('c.yml', `remote: {allow: ${JSON.stringify(hosts)}}\n`)
  return { allow: config.remote.allow, messages: problems.map(({ message }) => message) }
}

it('is nothing by default', () => {
  expect(DEFAULT_CONFIG.remote.allow).toEqual([])
  expect(readConfig('c.yml', 'remote: {}\n').config.remote.allow).toEqual([])
})

it.each([
  'charts.example.com',
  'charts.example.com:8443',
  '*.example.com',
  '*.example.com:8443',
  'localhost',
  'ghcr.io',
  '203.0.113.7',
  'xn--bcher-kva.example',
  'a-b.c',
])('%s is a host', (host) => {
  expect(read(host)).toEqual({ allow: [host], messages: [] })
})

it('is compared in lower case', () => {
  expect(read('Charts.Example.COM').allow).toEqual(['charts.example.com'])
})

it.each([
  '',
  '*',
  '*.com',
  '*.',
  'a.*.com',
  '**.example.com',
  '*example.com',
  'https://example.com',
  'example.com/',
  'example.com/path',
  'user@example.com',
  'example.com:',
  'example.com:0',
  'example.com:65536',
  'example.com:https',
  '-a.com',
  'a-.com',
  'a..com',
  '.example.com',
  'example.com.',
  'exa mple.com',
  'example.com\n',
  '[::1]',
  'bücher.example',
  `${'a'.repeat(64)}.com`,
])('%j is none, and the others hold', (host) => {
  const { allow, messages } = read('ghcr.io', host, 'quay.io')
  expect(allow).toEqual(['ghcr.io', 'quay.io'])
  expect(messages).toEqual([
    'remote.allow[1] must be a host such as charts.example.com, *.example.com or charts.example.com:8443.',
  ])
})
