// docs/self-hosting.md is run: its link registers what app.yml says, what it posts is what GitHub takes, its overlay
// renders, and its command prints what stands there. UPDATE_DOCS=1 writes that.
import { spawnSync } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, it, onTestFinished, vi } from 'vitest'
import { parse } from 'yaml'
import { HEARD } from '../../src/github/intake.ts'
import { createMetrics } from '../../src/ops/metrics.ts'
import { readSettings } from '../../src/ops/settings.ts'
import { ambientGuardWith } from '../cli/command.ts'
import { checkRequest } from '../harness/contract/contract.ts'
import { pinnedToolbox } from '../tools/pinned.ts'

const ROOT = join(import.meta.dirname, '../..')
const PAGE = join(ROOT, 'docs/self-hosting.md')
const page = readFileSync(PAGE, 'utf8')
const kustomize = pinnedToolbox('the overlay of docs/self-hosting.md')

interface AppManifest {
  readonly name: string
  readonly description: string
  readonly url: string
  readonly public: boolean
  readonly hook_attributes: { readonly url: string; readonly active: boolean }
  readonly default_permissions: Readonly<Record<string, string>>
  readonly default_events: readonly string[]
}
const app = parse(readFileSync(join(ROOT, 'app.yml'), 'utf8')) as AppManifest

/** The files that the page shows in fences of a language, by the path that stands behind it. */
function shown(language: string): ReadonlyMap<string, string> {
  const fences = page.matchAll(new RegExp(`^\`\`\`${language} (\\S+)\\n(.*?)^\`\`\`$`, 'gms'))
  return new Map([...fences].map(([, path = '', text = '']) => [path, text]))
}

it('app.yml subscribes to what is listened to, and nothing else', () => {
  expect([...app.default_events].sort()).toEqual([...HEARD].sort())
})

// The parameters: https://docs.github.com/en/apps/sharing-github-apps/registering-a-github-app-using-url-parameters
it('the link registers what app.yml says', () => {
  const [, link = ''] = /<(https:\/\/github\.com\/settings\/apps\/new\?[^>]+)>/.exec(page) ?? []
  const { searchParams } = new URL(link)
  expect([...searchParams]).toEqual([
    ['name', app.name],
    ['description', app.description],
    ['url', app.url],
    ['public', String(app.public)],
    ['webhook_active', String(app.hook_attributes.active)],
    ['webhook_url', app.hook_attributes.url],
    ...Object.entries(app.default_permissions),
    ...app.default_events.map((event) => ['events[]', event]),
  ])
})

it('the table of permissions is that of app.yml', () => {
  const rows = [...page.matchAll(/^\| `([a-z_]+): (read|write)` +\|/gm)].map(([, name, level]) => [
    name,
    level,
  ])
  expect(rows).toEqual(Object.entries(app.default_permissions))
})

it('what it posts for branch protection is what GitHub takes', () => {
  const bodies = shown('json')
  const calls = [...page.matchAll(/^ {4}gh api --method (\S+) (\S+) --input (\S+)$/gm)]
  expect(calls).toHaveLength(2)
  for (const [, method = '', path = '', file = ''] of calls) {
    const template = `/${path}`
      .replace('OWNER/REPOSITORY', '{owner}/{repo}')
      .replace('/branches/main/', '/branches/{branch}/')
    const body: unknown = JSON.parse(bodies.get(file) ?? '')
    expect(checkRequest(method, template, new URLSearchParams(), body)).toEqual([])
    expect(JSON.stringify(body)).toMatch(/"context":"ambient-guard","(?:integration_id|app_id)":\d+/)
  }
})

it('its file for Docker leaves out no setting that has to be there', () => {
  const lines = [...shown('sh').values()].flatMap((text) => text.trim().split('\n'))
  const env = Object.fromEntries(lines.map((line) => line.split('=') as [string, string]))
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const key = privateKey.export({ type: 'pkcs1', format: 'pem' }).toString()
  const fine = { tools: () => null, cache: () => null }
  const read = readSettings(env, (path) => (path === '/run/private-key.pem' ? key : null), fine)
  expect(read).toMatchObject({ ok: true })
})

interface AlertRules {
  readonly groups: readonly {
    readonly rules: readonly { readonly expr: string; readonly annotations: object }[]
  }[]
}

// An expression that names what is not there is never true, and nobody hears of it.
it('its alerts ask for metrics that there are, by labels and values that they have', async () => {
  const metrics = createMetrics(() => Promise.resolve({ waiting: 0, running: 0 }))
  metrics.asked(200, 5000)
  const lines = (await metrics.text()).split('\n')
  const { groups } = parse(shown('yaml').get('alerts.yaml') ?? '') as AlertRules
  const rules = groups.flatMap((group) => group.rules)
  for (const { annotations } of rules) expect(Object.keys(annotations)).toEqual(['summary'])
  const selectors = rules.flatMap(({ expr }) => [
    ...expr.matchAll(/(ambient_guard_\w+)(?:\{(\w+)=~?"([^"]+)"\})?/g),
  ])
  expect(selectors).toHaveLength(7)
  for (const [whole, name = '', label, values = ''] of selectors)
    for (const value of values.split('|')) {
      const series = lines.filter((line) => new RegExp(`^${name}[{ ]`).test(line))
      const hits =
        label === undefined ? series : series.filter((line) => line.includes(`${label}="${value}"`))
      expect([whole, hits.length > 0]).toEqual([whole, true])
    }
})

it('its commands are shell', () => {
  const prose = page.replaceAll(/^```.*?^```$/gms, '')
  const blocks = [...prose.matchAll(/(?:^ {4}\S.*\n(?: {4}.*\n)*)+/gm)].map(([text]) => text)
  expect(blocks.length).toBeGreaterThan(4)
  for (const text of blocks) {
    const { status, stderr } = spawnSync('bash', ['-n'], { input: text, encoding: 'utf8' })
    expect([text, stderr, status]).toEqual([text, '', 0])
  }
})

it.skipIf(kustomize === null)('its overlay renders, moves the door and stays ready for Ambient', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'ambient-guard-overlay-'))
  onTestFinished(() => {
    rmSync(folder, { recursive: true, force: true })
  })
  cpSync(join(ROOT, 'deploy/kubernetes'), join(folder, 'deploy/kubernetes'), { recursive: true })
  const files = new Map([...shown('yaml')].filter(([path]) => path.startsWith('overlay/')))
  expect([...files.keys()]).toEqual(['overlay/kustomization.yaml', 'overlay/ingress.yaml'])
  for (const [path, text] of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
  const report = await print(['check', folder, '--enroll', 'ambient-guard', '--format', 'json'])
  expect(JSON.parse(report)).toMatchObject({ conclusion: 'success', problems: [], summary: { workloads: 2 } })
  const kubectl = join(ROOT, '.tools/kubectl')
  const { stdout } = spawnSync(kubectl, ['kustomize', join(folder, 'overlay')], { encoding: 'utf8' })
  for (const text of [
    'APP_ID: "123456"',
    'kubernetes.io/metadata.name: traefik',
    'registry.your-company.example/',
  ])
    expect(stdout).toContain(text)
  expect(stdout).not.toContain('ingress-nginx')
})

it.skipIf(kustomize === null)('its command prints what stands there', async () => {
  const example = /^```console\n\$ ambient-guard ([^\n]+)\n```\n\n```text\n(.*?)^```$/ms
  const [whole = '', command = ''] = example.exec(page) ?? []
  const printed = await print(command.split(' '))
  const wanted = `\`\`\`console\n$ ambient-guard ${command}\n\`\`\`\n\n\`\`\`text\n${printed}\`\`\``
  if (process.env['UPDATE_DOCS'] === '1')
    writeFileSync(
      PAGE,
      page.replace(whole, () => wanted),
    )
  else expect(whole).toBe(wanted)
})

/** As in a terminal of 100 columns without colours, from the root of this repository. */
async function print(args: readonly string[]): Promise<string> {
  const here = process.cwd()
  process.chdir(ROOT)
  try {
    vi.stubEnv('NO_COLOR', '1')
    return (await ambientGuardWith({ terminal: true, width: 100 }, ...args)).stdout
  } finally {
    process.chdir(here)
    vi.unstubAllEnvs()
  }
}
