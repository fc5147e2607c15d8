// deploy/: what we tell others about network policies, we keep. The manifests are judged by the program itself, as
// plain files and as kustomize renders them, and it notices when they are broken.
import { spawnSync } from 'node:child_process'
import { chmodSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'
import { ambientGuard } from '../cli/command.ts'
import { pinnedToolbox } from '../tools/pinned.ts'

const ROOT = join(import.meta.dirname, '../..')
const FOLDER = join(ROOT, 'deploy/kubernetes')
const kustomize = pinnedToolbox('what deploy/ renders to')

interface Report {
  readonly conclusion: string
  readonly findings: readonly {
    readonly rule: string
    readonly severity: string
    readonly workload: string
  }[]
  readonly problems: readonly { readonly message: string }[]
  readonly summary: { readonly workloads: number; readonly enrolled: number; readonly policies: number }
}

async function check(path: string, ...more: readonly string[]): Promise<Report> {
  const { stdout } = await ambientGuard('check', path, ...more, '--format', 'json')
  return JSON.parse(stdout) as Report
}

/** A copy of deploy/ to break; `plain` leaves its kustomizations out. */
function copy(options: { readonly plain?: boolean } = {}): string {
  const folder = mkdtempSync(join(tmpdir(), 'ambient-guard-deploy-'))
  onTestFinished(() => {
    rmSync(folder, { recursive: true, force: true })
  })
  cpSync(join(ROOT, 'deploy'), join(folder, 'deploy'), {
    recursive: true,
    filter: (path) => options.plain !== true || !path.endsWith('kustomization.yaml'),
  })
  return folder
}

function edit(folder: string, change: (text: string) => string): void {
  const file = join(folder, 'deploy/kubernetes/network-policy.yaml')
  const text = readFileSync(file, 'utf8')
  const changed = change(text)
  expect(changed).not.toBe(text)
  writeFileSync(file, changed)
}

/** What is more than a note: severity, rule and workload. */
function trouble({ findings }: Report): readonly string[] {
  return findings
    .filter(({ severity }) => severity !== 'note')
    .map(({ severity, rule, workload }) => `${severity} ${rule} ${workload}`)
    .sort()
}

const ENROL = ['--enroll', 'ambient-guard'] as const
const SOUND = {
  conclusion: 'success',
  problems: [],
  summary: { namespaces: 1, workloads: 2, enrolled: 2, policies: 3 },
}

describe('the manifests', () => {
  it('pass our own check when their namespace is enrolled, as plain files', async () => {
    const report = await check(join(copy({ plain: true }), 'deploy/kubernetes'), ...ENROL)
    expect(report).toMatchObject(SOUND)
    expect(trouble(report)).toEqual([])
  })

  it.skipIf(kustomize === null)('and as kustomize renders them', async () => {
    const report = await check(join(copy(), 'deploy/kubernetes'), ...ENROL)
    expect(report).toMatchObject(SOUND)
    expect(trouble(report)).toEqual([])
  })

  it.skipIf(kustomize === null)('have nothing to report in the mesh, not even a note', async () => {
    expect(await check(join(copy(), 'deploy'))).toMatchObject({ ...SOUND, findings: [] })
  })

  it('fail without 15008, in every policy that needs it', async () => {
    const folder = copy({ plain: true })
    edit(folder, (text) => text.replaceAll(/ *- \{ port: 15008, protocol: TCP \}\n/g, ''))
    const report = await check(join(folder, 'deploy/kubernetes'), ...ENROL)
    expect(report.conclusion).toBe('failure')
    expect(trouble(report)).toEqual([
      'error hbone-egress Deployment/ambient-guard/ambient-guard',
      'error hbone-ingress Deployment/ambient-guard/ambient-guard-redis',
      'warning hbone-ingress Deployment/ambient-guard/ambient-guard',
    ])
  })

  it('fail without the source of kubelet probes', async () => {
    const folder = copy({ plain: true })
    edit(folder, (text) => text.replace('169.254.7.127/32', '169.254.7.128/32'))
    const report = await check(join(folder, 'deploy/kubernetes'), ...ENROL, '--cni', 'cilium')
    expect(new Set(trouble(report))).toEqual(
      new Set(['error kubelet-probe Deployment/ambient-guard/ambient-guard']),
    )
  })
})

describe('the network policies', () => {
  const APP = 'Deployment/ambient-guard/ambient-guard'
  const REDIS = 'Deployment/ambient-guard/ambient-guard-redis'
  it.each([
    [APP, REDIS, 6379, 'allowed'],
    [APP, '140.82.112.3', 443, 'allowed'],
    [APP, '140.82.112.3', 22, 'denied'],
    [APP, '10.0.0.1', 443, 'denied'],
    [APP, '169.254.169.254', 80, 'denied'],
    [APP, '169.254.169.254', 443, 'denied'],
    [REDIS, '140.82.112.3', 443, 'denied'],
    [REDIS, APP, 3000, 'denied'],
    ['140.82.112.3', APP, 3000, 'denied'],
    ['10.0.0.1', REDIS, 6379, 'denied'],
    ['169.254.7.127', APP, 3000, 'allowed'],
  ])('%s to %s on %i: %s', async (from, to, port, verdict) => {
    const folder = join(copy({ plain: true }), 'deploy/kubernetes')
    const { stdout } = await ambientGuard('reach', folder, '--from', from, '--to', to, '--port', String(port))
    expect(JSON.parse(stdout)).toMatchObject({ verdict })
  })
})

interface Container {
  readonly env?: readonly { readonly name: string; readonly value?: string }[]
  readonly command?: readonly string[]
  readonly securityContext: unknown
  readonly resources: { readonly requests: unknown; readonly limits: { readonly memory: string } }
  readonly volumeMounts: readonly { readonly mountPath: string; readonly readOnly?: boolean }[]
}
interface Manifest {
  readonly kind: string
  readonly metadata: { readonly name: string; readonly namespace?: string }
  readonly spec: {
    readonly replicas: number
    readonly template: { readonly spec: PodSpec }
  }
}
interface PodSpec {
  readonly automountServiceAccountToken: boolean
  readonly terminationGracePeriodSeconds?: number
  readonly securityContext: Readonly<Record<string, unknown>>
  readonly containers: readonly [Container]
}

const manifests = parse(readFileSync(join(FOLDER, 'kustomization.yaml'), 'utf8')) as {
  readonly resources: readonly string[]
}
const objects = manifests.resources.flatMap((name) =>
  parseAllDocuments(readFileSync(join(FOLDER, name), 'utf8')).map((document) => document.toJS() as Manifest),
)
const deployments = objects.filter(({ kind }) => kind === 'Deployment')

describe.each(deployments.map((object) => [object.metadata.name, object.spec.template.spec] as const))(
  'the pods of %s',
  (_, { automountServiceAccountToken, securityContext, containers: [container] }) => {
    it('are as the restricted Pod Security Standard wants them, and write to volumes alone', () => {
      expect(automountServiceAccountToken).toBe(false)
      expect(securityContext).toMatchObject({
        runAsNonRoot: true,
        seccompProfile: { type: 'RuntimeDefault' },
      })
      expect(container.securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      })
      expect(container.resources.requests).toHaveProperty('memory')
      expect(container.resources.limits.memory).toMatch(/^\d+[MG]i$/)
    })
  },
)

it('every object says its namespace, and none is a Secret', () => {
  expect(objects.map(({ kind }) => kind)).not.toContain('Secret')
  for (const { kind, metadata } of objects.filter((object) => object.kind !== 'Namespace'))
    expect([kind, metadata.namespace]).toEqual([kind, 'ambient-guard'])
})

it('the app has two replicas, somewhere to write, and time to end', () => {
  const app = deployments.find(({ metadata }) => metadata.name === 'ambient-guard')?.spec
  const { terminationGracePeriodSeconds = 0, containers } = app?.template.spec ?? {}
  expect(app?.replicas).toBe(2)
  // Five of preStop, and the 25 that the app gives its jobs.
  expect(terminationGracePeriodSeconds).toBeGreaterThan(5 + 25)
  const writable = containers?.[0].volumeMounts.filter(({ readOnly }) => readOnly !== true)
  expect(writable?.map(({ mountPath }) => mountPath)).toEqual(['/var/cache/ambient-guard', '/tmp'])
})

it('Redis is told its password on standard input, and in no argument', () => {
  const redis = deployments.find(({ metadata }) => metadata.name === 'ambient-guard-redis')
  const [container] = redis?.spec.template.spec.containers ?? []
  const [shell = '', ...words] = container?.command ?? []
  const folder = mkdtempSync(join(tmpdir(), 'ambient-guard-redis-'))
  onTestFinished(() => {
    rmSync(folder, { recursive: true, force: true })
  })
  writeFileSync(join(folder, 'redis-server'), '#!/bin/sh\necho "arguments: $*"\ncat\n')
  chmodSync(join(folder, 'redis-server'), 0o755)
  const env = { PATH: `${folder}:${process.env['PATH'] ?? ''}`, REDIS_PASSWORD: 'abc123' }
  const { stdout, status } = spawnSync(shell, words, { env, encoding: 'utf8' })
  expect(status).toBe(0)
  const [first, ...lines] = stdout.split('\n')
  expect(first).toBe('arguments: -')
  expect(lines).toEqual(expect.arrayContaining(['requirepass abc123', 'maxmemory-policy noeviction']))
})
