// No secret leaves by a log, a file, an argument, an environment or a URL, however much is logged and whatever fails.
// GitHub's key and tokens, and the password of Redis, travel in headers and on sockets, and git's token in its environment.
import { createHmac } from 'node:crypto'
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import type { GitHub, PullRequest } from '../harness/index.ts'
import { startGitHub } from '../harness/index.ts'
import { client, jwt, refusal } from '../harness/support.ts'
import { startRedis, whyNoRedis } from '../ops/redis.ts'
import { standIn, whole } from '../tools/stand-ins.ts'
import { ALLOW_WEB, SHOP } from './manifests.ts'
import { makeHome, startProcess, stillness, until } from './process.ts'

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))
const PASSWORD = 'the-password-of-redis'
const FORMS = {
  'a token of an installation': /ghs_\d+_/,
  'a token as git sends it': new RegExp(Buffer.from('x-access-token:').toString('base64')),
  'a token of the app': /\beyJ[\w-]+\.eyJ[\w-]+\.[\w-]+/,
}

/** Names of the secrets that a text holds. */
function secretsIn(text: string, { privateKey, webhookSecret }: GitHub): readonly string[] {
  const key = privateKey.split('\n').filter((line) => /^[\w+/=]{20,}$/.test(line))
  expect(key.length).toBeGreaterThan(10)
  const forms = Object.entries(FORMS).filter(([, form]) => form.test(text))
  return [
    ...forms.map(([name]) => name),
    ...(key.some((line) => text.includes(line)) ? ['the key'] : []),
    ...(text.includes(webhookSecret) ? ['the secret of webhooks'] : []),
    ...(text.includes(PASSWORD) ? ['the password of Redis'] : []),
  ]
}

test('what is searched for is found', async () => {
  const github = await startGitHub()
  try {
    await github.repository()
    const token = github.token()
    const basic = Buffer.from(`x-access-token:${token}`).toString('base64')
    const all = [token, basic, jwt(github), github.privateKey, github.webhookSecret, PASSWORD]
    expect(all.flatMap((one) => secretsIn(`"${one}"`, github))).toEqual([
      ...Object.keys(FORMS),
      'the key',
      'the secret of webhooks',
      'the password of Redis',
    ])
  } finally {
    await github.close()
  }
})

const EVER = 100_000
const KUSTOMIZATION = {
  'web/kustomization.yaml': 'resources: [namespace.yaml]\n',
  'web/namespace.yaml': 'apiVersion: v1\nkind: Namespace\nmetadata: {name: web}\n',
}

test('a story full of trouble, with everything logged', { timeout: 600_000 }, async () => {
  const github = await startGitHub()
  const home = await makeHome(github)
  const redis = whyNoRedis() === null ? await startRedis(undefined, PASSWORD) : null
  const rendering = join(home.directory, 'rendering')
  const [env, cat] = [await whole('env'), await whole('cat')]
  const tools = join(home.directory, 'tools')
  standIn(tools, 'kustomize', `{ ${env}; ${cat} /proc/$$/cmdline; } >> ${rendering}; exit 1`)
  const app = await startProcess(github, home, {
    LOG_LEVEL: 'trace',
    LOG_FORMAT: 'json',
    AMBIENT_GUARD_TOOLS: tools,
    ...(redis === null ? {} : { REDIS_URL: redis.url }),
  })
  try {
    const webhooks = `${app.url}/api/github/webhooks`
    github.deliverTo(webhooks)
    const repository = await github.repository({ files: { ...SHOP, ...KUSTOMIZATION } })
    const pull = await repository.pullRequest({ changes: { 'shop/netpol.yaml': ALLOW_WEB } })
    const children: Children[] = []
    github.before(
      { path: /\.git\/git-upload-pack$/, times: 9 },
      () => void children.push(childrenOf(app.pid)),
    )
    await pull.opened()
    await ended(github, pull)
    const { commentId } = await pull.comment('/ambient-fix')
    await until(() => pull.reactions(commentId).length > 1)
    await ended(github, pull)

    const given = new Set(children.flat().flatMap(({ environment }) => tokenIn(environment)))
    expect(given.size).toBeGreaterThan(0)
    for (const token of given) await readsOnly(github, token)

    const judged = (): boolean => pull.checks[0]?.status === 'completed'
    const troubles: readonly (readonly [brings: () => unknown, isOver: () => boolean])[] = [
      [() => github.fail({ path: /\.git\/info\/refs$/, status: 503, times: EVER }), judged],
      [() => github.fail({ path: /\.git\/info\/refs$/, status: 401, times: EVER }), judged],
      [() => github.fail({ path: '/repos/*/*/compare/*', status: 500, times: EVER }), judged],
      [
        () => {
          github.expireTokens()
        },
        judged,
      ],
      [
        () => {
          github.expireTokens()
          github.fail({ path: '/app/installations/*/access_tokens', status: 401, times: EVER })
        },
        () => app.output().includes('the failure of a job could not be told'),
      ],
    ]
    for (const [index, [brings, isOver]] of troubles.entries()) {
      brings()
      await pull.pushes({ 'README.md': `${String(index)}\n` })
      await until(isOver)
      await stillness(github)
      github.forgetFaults()
    }
    await pull.comment('/ambient-recheck')
    await ended(github, pull)
    expect(await forged(webhooks, 'guessed')).toBe(400)
    expect(await forged(webhooks, github.webhookSecret)).toBe(200)
    const pages = await Promise.all(
      ['/metrics', '/healthz', '/readyz', '/api/github/webhooks', '/'].map(async (path) =>
        (await fetch(app.url + path)).text(),
      ),
    )
    const own = readFileSync(`/proc/${String(app.pid)}/cmdline`, 'utf8')
    await redis?.stop()
    await pull.pushes({ 'README.md': 'Redis is gone.\n' })
    await stillness(github)

    const seen = children.flat()
    expect(seen.length).toBeGreaterThan(0)
    expect(secretsIn(seen.map(({ arguments: given }) => given).join('\n') + own, github)).toEqual([])
    // Which nobody but this user can read.
    expect(secretsIn(seen.map(({ environment }) => environment).join('\n'), github)).toEqual([
      'a token as git sends it',
    ])
    expect(existsSync(rendering)).toBe(true)
    expect(secretsIn(readFileSync(rendering, 'latin1'), github)).toEqual([])

    expect(app.output()).toMatch(/"level":(10|20)\b|"level":"(trace|debug)"/)
    expect(app.output()).toContain('job failed')
    expect(secretsIn(app.output(), github)).toEqual([])
    expect(secretsIn(pages.join('\n'), github)).toEqual([])
    expect(secretsIn(filesBelow(join(home.directory, 'cache')), github)).toEqual([])
    expect(secretsIn(JSON.stringify(github.requests), github)).toEqual([])
    expect(secretsIn(JSON.stringify([pull.conversation, pull.reviews, pull.checks]), github)).toEqual([])
  } finally {
    await app.kill()
    await redis?.stop()
    await github.close()
    await home.remove()
  }
})

test('settings that are wrong are named, and not repeated', { timeout: 120_000 }, async () => {
  const github = await startGitHub()
  const body = github.privateKey.replace(/-----[A-Z ]+-----\n?/g, '')
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', 'tsx', MAIN, 'serve'], {
    encoding: 'utf8',
    env: {
      PATH: process.env['PATH'],
      NODE_ENV: 'production',
      CONCURRENCY: 'many',
      WEBHOOK_SECRET: github.webhookSecret,
      PRIVATE_KEY: body,
      REDIS_URL: `redis//:${PASSWORD}@host`,
    },
  })
  await github.close()
  expect(status).toBe(2)
  for (const name of ['APP_ID', 'PRIVATE_KEY', 'REDIS_URL', 'CONCURRENCY']) expect(stderr).toContain(name)
  expect(secretsIn(stdout + stderr, github)).toEqual([])
})

async function ended(github: GitHub, pull: PullRequest): Promise<void> {
  await until(() => pull.checks[0]?.status === 'completed')
  await stillness(github)
}

type Children = readonly { readonly arguments: string; readonly environment: string }[]

/** With which tsx reads TypeScript: a child of tests alone. */
const COMPILER = /\besbuild\b/

/** What anybody on this machine can see of the processes that descend from one, and what this user can. */
function childrenOf(parent: number): Children {
  const parents = readdirSync('/proc').flatMap((pid) => {
    const status = /^\d+$/.test(pid) ? textOf(`/proc/${pid}/status`) : ''
    return status === '' ? [] : [[pid, /^PPid:\s*(\d+)/m.exec(status)?.[1] ?? ''] as const]
  })
  const below = (pid: string): readonly string[] =>
    parents.filter(([, above]) => above === pid).flatMap(([child]) => [child, ...below(child)])
  return below(String(parent))
    .map((pid) => ({
      arguments: textOf(`/proc/${pid}/cmdline`),
      environment: textOf(`/proc/${pid}/environ`),
    }))
    .filter(({ arguments: given }) => !COMPILER.test(given))
}

/** Empty where the process has gone. */
function textOf(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return ''
  }
}

function tokenIn(environment: string): readonly string[] {
  const [, basic = ''] = /Authorization: basic (\S+?)\0/.exec(environment) ?? []
  return basic === ''
    ? []
    : [
        Buffer.from(basic, 'base64')
          .toString('utf8')
          .replace(/^[^:]*:/, ''),
      ]
}

/** A token for git reads the contents of its repository, and may do nothing else. */
async function readsOnly(github: GitHub, auth: string): Promise<void> {
  const { rest } = client(github, auth)
  const at = { owner: 'acme', repo: 'platform' }
  expect((await rest.repos.getContent({ ...at, path: 'shop/app.yaml' })).status).toBe(200)
  const [issue_number, body] = [1, 'x']
  expect((await refusal(rest.issues.createComment({ ...at, issue_number, body }))).status).toBe(403)
  expect((await refusal(rest.git.createBlob({ ...at, content: 'x' }))).status).toBe(403)
}

/** A webhook that is signed with some secret; resolves with the status of the answer. */
async function forged(url: string, secret: string): Promise<number> {
  const body = JSON.stringify({ action: 'opened', zen: 'Anything added dilutes everything else.' })
  const signature = `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`
  const headers = {
    'content-type': 'application/json',
    'x-github-event': 'ping',
    'x-github-delivery': 'b5b3f1a0-0000-0000-0000-000000000000',
    'x-hub-signature-256': signature,
  }
  return (await fetch(url, { method: 'POST', headers, body })).status
}

/** Everything in the files below a folder, one after the other. */
function filesBelow(folder: string): string {
  const entries = readdirSync(folder, { withFileTypes: true, recursive: true }).filter((entry) =>
    entry.isFile(),
  )
  expect(entries.length).toBeGreaterThan(0)
  return entries.map(({ parentPath, name }) => readFileSync(join(parentPath, name), 'latin1')).join('\n')
}
