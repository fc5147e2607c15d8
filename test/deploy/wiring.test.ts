// deploy/kubernetes: what has to go by one name in two places, and the numbers that hang on each other. Nobody hears of a
// Service that selects nothing until the webhooks stay away.
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { at, list } from '../../src/core/kubernetes/loose.ts'
import { readSettings } from '../../src/ops/settings.ts'

const ROOT = join(import.meta.dirname, '../..')
const FOLDER = join(ROOT, 'deploy/kubernetes')
const objects = readdirSync(FOLDER)
  .filter((name) => name.endsWith('.yaml') && name !== 'kustomization.yaml')
  .flatMap((name) => parseAllDocuments(readFileSync(join(FOLDER, name), 'utf8')))
  .map((document) => document.toJS() as unknown)

function named(kind: string, name = 'ambient-guard'): unknown {
  const found = objects.filter((one) => at(one, 'kind') === kind && at(one, 'metadata', 'name') === name)
  expect(found).toHaveLength(1)
  return found[0]
}

const pods = at(named('Deployment'), 'spec', 'template')
const container = list(at(pods, 'spec', 'containers'))[0]
const env = list(at(container, 'env'))
const variable = (name: string): unknown => env.find((one) => at(one, 'name') === name)
const lines = readFileSync(join(FOLDER, 'settings.env'), 'utf8').split('\n')
const settings = Object.fromEntries(
  lines.filter((line) => /^\w+=/.test(line)).map((line) => line.split('=', 2) as [string, string]),
)

describe('the manifests fit together', () => {
  it('the Service, the budget and the Deployment mean the same pods', () => {
    const labels = at(pods, 'metadata', 'labels')
    expect(labels).toEqual({ 'app.kubernetes.io/name': 'ambient-guard' })
    expect(at(named('Service'), 'spec', 'selector')).toEqual(labels)
    expect(at(named('Deployment'), 'spec', 'selector', 'matchLabels')).toEqual(labels)
    const budget = at(named('PodDisruptionBudget'), 'spec')
    expect(at(budget, 'selector', 'matchLabels')).toEqual(labels)
    expect([at(budget, 'maxUnavailable'), at(budget, 'minAvailable')]).toContain(1)
    expect(at(named('Deployment'), 'spec', 'replicas')).toBe(2)
  })

  it('webhooks and probes come to the port and the pages that the app has', () => {
    const ports = list(at(container, 'ports'))
    expect(ports).toEqual([{ name: 'http', containerPort: 3000 }])
    expect(list(at(named('Service'), 'spec', 'ports')).map((port) => at(port, 'targetPort'))).toEqual([
      'http',
    ])
    const page = (probe: string): unknown => at(container, probe, 'httpGet')
    expect(page('startupProbe')).toEqual({ path: '/healthz', port: 'http' })
    expect(page('livenessProbe')).toEqual({ path: '/healthz', port: 'http' })
    expect(page('readinessProbe')).toEqual({ path: '/readyz', port: 'http' })
  })

  it('a pod that ends is given the time that its jobs are given, after it has left the Service', () => {
    const [command, seconds] = list(at(container, 'lifecycle', 'preStop', 'exec', 'command'))
    expect(command).toBe('sleep')
    expect(at(pods, 'spec', 'terminationGracePeriodSeconds')).toBeGreaterThan(Number(seconds) + 25)
    expect(Number(seconds)).toBeGreaterThan(0)
  })

  it('secrets are those that the page for operators makes', () => {
    const commands = readFileSync(join(ROOT, 'docs/self-hosting.md'), 'utf8').replaceAll('\\\n', ' ')
    const made = (secret: string): readonly string[] => {
      const line = new RegExp(`create secret generic ${secret} (.*)`).exec(commands)?.[1] ?? ''
      return [...line.matchAll(/--from-file=(\S+)/g)].map(([, key = '']) => key)
    }
    expect(at(variable('WEBHOOK_SECRET'), 'valueFrom', 'secretKeyRef')).toEqual({
      name: 'ambient-guard',
      key: 'webhook-secret',
    })
    expect(at(variable('REDIS_PASSWORD'), 'valueFrom', 'secretKeyRef')).toEqual({
      name: 'ambient-guard-redis',
      key: 'password',
    })
    expect([...made('ambient-guard')].sort()).toEqual(['private-key.pem', 'webhook-secret'])
    expect(made('ambient-guard-redis')).toEqual(['password'])
    const volume = list(at(pods, 'spec', 'volumes')).find((one) => at(one, 'name') === 'private-key')
    expect(at(volume, 'secret', 'items')).toEqual([{ key: 'private-key.pem', path: 'private-key.pem' }])
    const mount = list(at(container, 'volumeMounts')).find((one) => at(one, 'name') === 'private-key')
    const folder = String(at(mount, 'mountPath'))
    expect(at(variable('PRIVATE_KEY_PATH'), 'value')).toBe(`${folder}/private-key.pem`)
    // The user reads by its group what the Secret lays out.
    expect(at(pods, 'spec', 'securityContext', 'fsGroup')).toBe(
      at(pods, 'spec', 'securityContext', 'runAsGroup'),
    )
  })

  it('Redis is the Service beside it, with the password', () => {
    const url = new URL(String(at(variable('REDIS_URL'), 'value')).replace('$(REDIS_PASSWORD)', 'word'))
    const redis = named('Service', 'ambient-guard-redis')
    const [port] = list(at(redis, 'spec', 'ports'))
    expect({ host: url.hostname, port: Number(url.port), password: url.password }).toEqual({
      host: at(redis, 'metadata', 'name'),
      port: at(port, 'port'),
      password: 'word',
    })
    const server = at(named('Deployment', 'ambient-guard-redis'), 'spec', 'template')
    expect(at(redis, 'spec', 'selector')).toEqual(at(server, 'metadata', 'labels'))
    const names = env.map((one) => at(one, 'name'))
    expect(names.indexOf('REDIS_PASSWORD')).toBeLessThan(names.indexOf('REDIS_URL'))
  })

  it('the settings are valid, but for what each installation adds, and the cache fits its volume', () => {
    const read = readSettings(
      {
        ...settings,
        APP_ID: '1',
        WEBHOOK_SECRET: 'a'.repeat(32),
        PRIVATE_KEY_PATH: '/nowhere.pem',
        NODE_ENV: 'production',
      },
      () => null,
      { tools: () => null, cache: () => null },
    )
    const mistakes = read.ok ? [] : read.mistakes
    expect(mistakes.filter((mistake) => !mistake.includes('PRIVATE_KEY'))).toEqual([])
    expect(settings.APP_ID).toBe('')
    const cache = list(at(pods, 'spec', 'volumes')).find((one) => at(one, 'name') === 'cache')
    const gibibytes = Number(/^(\d+)Gi$/.exec(String(at(cache, 'emptyDir', 'sizeLimit')))?.[1])
    expect(Number(settings.CACHE_LIMIT_MB)).toBeLessThanOrEqual(gibibytes * 1024 * 0.75)
  })
})
