// `ambient-guard review`: the story of a pull request with nothing but a token, as in GitHub Actions.
import { execFile } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it, test } from 'vitest'
import { startGitHub } from '../harness/index.ts'
import type { CheckRun, GitHub, Permissions, PullRequest, Repository } from '../harness/index.ts'
import { readTokenSettings } from '../../src/ops/token-settings.ts'
import { ambientGuard } from '../cli/command.ts'
import type { Ran } from '../cli/command.ts'
import { ALLOW_WEB, APP, ENROLLED, NAMESPACE, OPEN_WEB, SHOP } from './manifests.ts'

const ROOT = join(import.meta.dirname, '../..')

/** What docs/github-action.md asks for. */
const WORKFLOW: Permissions = { contents: 'read', pull_requests: 'write', checks: 'write' }

interface Scene {
  readonly github: GitHub
  readonly repository: Repository
  /** A folder of the test's own. */
  readonly folder: string
  readonly environment: Readonly<Record<string, string>>
  /** The command with the environment of a workflow, and more of it. */
  review(argv: readonly string[], more?: Readonly<Record<string, string>>): Promise<Ran>
}

function story(name: string, tell: (scene: Scene) => Promise<void>, permissions = WORKFLOW): void {
  test(name, { timeout: 60_000 }, async () => {
    const github = await startGitHub({ app: { slug: 'github-actions', permissions } })
    const folder = mkdtempSync(join(tmpdir(), 'ambient-guard-once-'))
    try {
      const repository = await github.repository({ files: SHOP })
      const environment = {
        GITHUB_TOKEN: github.token(),
        GITHUB_API_URL: github.apiUrl,
        GITHUB_SERVER_URL: github.url,
        GITHUB_REPOSITORY: 'acme/platform',
        XDG_CACHE_HOME: folder,
      }
      const review: Scene['review'] = (argv, more = {}) =>
        within({ ...environment, ...more }, () => ambientGuard('review', ...argv))
      await tell({ github, repository, folder, environment, review })
      github.assertClean()
    } finally {
      await github.close()
      rmSync(folder, { recursive: true, force: true })
    }
  })
}

/** Runs with these variables, and without those that a workflow around the tests may have set. */
async function within<T>(variables: Readonly<Record<string, string>>, work: () => Promise<T>): Promise<T> {
  const before = { ...process.env }
  const set = (env: NodeJS.ProcessEnv): void => {
    for (const key of Object.keys(process.env)) if (!(key in env)) Reflect.deleteProperty(process.env, key)
    Object.assign(process.env, env)
  }
  set({
    ...Object.fromEntries(Object.entries(before).filter(([key]) => !key.startsWith('GITHUB_'))),
    ...variables,
  })
  try {
    return await work()
  } finally {
    set(before)
  }
}

function ours(pull: PullRequest): readonly CheckRun[] {
  return pull.checks.filter(({ name }) => name === 'ambient-guard')
}

story('a clean pull request has a green check, and nothing is said', async ({ repository, review }) => {
  const pull = await repository.pullRequest({ changes: { 'shop/netpol.yaml': OPEN_WEB } })
  const { code, stdout, stderr } = await review(['--pull', String(pull.number)])
  expect([code, stderr]).toEqual([0, ''])
  expect(stdout).toMatch(/^### ambient-guard: Nothing new is cut off/)
  expect(ours(pull)).toMatchObject([{ status: 'completed', conclusion: 'success', actions: [] }])
  expect([pull.reviews, pull.conversation]).toEqual([[], []])
})

story(
  'a pull request that cuts something off: check, review, summary, exit 1; and once more, nothing',
  async ({ github, repository, review, folder }) => {
    const pull = await repository.pullRequest({ changes: { 'shop/netpol.yaml': ALLOW_WEB } })
    const event = join(folder, 'event.json')
    writeFileSync(event, JSON.stringify({ action: 'opened', pull_request: { number: pull.number } }))
    const step = join(folder, 'step.md')
    const more = { GITHUB_EVENT_PATH: event, GITHUB_STEP_SUMMARY: step, GITHUB_ACTIONS: 'true' }
    const { code, stdout, stderr } = await review([], more)
    expect([code, stderr]).toEqual([1, ''])
    const [, word, printed] = /^::stop-commands::(\S+)\n(.*)::\1::\n$/s.exec(stdout) ?? []
    expect(word).toMatch(/^[0-9a-f-]{36}$/)
    expect(printed).toBe(readFileSync(step, 'utf8'))
    expect(printed).toMatch(/^### ambient-guard: 1 error introduced\n/)
    expect(printed).toContain('+        - port: 15008')
    expect(ours(pull)).toMatchObject([
      {
        conclusion: 'failure',
        externalId: String(pull.number),
        actions: [],
        output: { title: '1 error introduced' },
      },
    ])
    expect(pull.review.comments).toHaveLength(1)
    // Nobody hears commands here, so none is offered.
    const everything = [printed, pull.review.body, ...pull.review.comments.map(({ body }) => body)].join('\n')
    expect(everything).not.toMatch(/`\/ambient-|press Fix/i)
    expect(everything).toContain('```suggestion')

    github.forgetRequests()
    expect((await review([], more)).code).toBe(1)
    expect(github.writes.filter(({ path }) => path !== '/graphql')).toEqual([])
    expect([ours(pull).length, pull.reviews.length]).toEqual([1, 1])
  },
)

story('a job of an older head does not pass for the newer one', async ({ repository, review, folder }) => {
  const pull = await repository.pullRequest({ changes: { 'shop/netpol.yaml': ALLOW_WEB } })
  const event = join(folder, 'event.json')
  const about = { number: pull.number, head: { sha: pull.head } }
  writeFileSync(event, JSON.stringify({ action: 'opened', pull_request: about }))
  const older = pull.head
  await pull.pushes({ 'shop/netpol.yaml': OPEN_WEB })
  const { code, stdout, stderr } = await review([], { GITHUB_EVENT_PATH: event })
  expect([code, ours(pull)[0]?.conclusion]).toEqual([2, 'success'])
  expect(stdout).toMatch(/^### ambient-guard: Nothing new is cut off/)
  const [own, now] = [older.slice(0, 12), pull.head.slice(0, 12)]
  expect(stderr).toBe(
    `ambient-guard: This job stands at ${own}, and the head of the pull request is ${now} by now, which was judged: of ${own} nothing is known. Look at the run of ${now}.\n`,
  )
})

story('what is wrong with the arguments stays on its line', async ({ review }) => {
  const { code, stderr } = await review(['--pull', '1\n::error::boo'])
  expect([code, stderr.split('\n').length]).toEqual([2, 2])
  expect((await review(['--pull', '1', '--repo', 'a\n::error::boo'])).stderr.split('\n')).toHaveLength(2)
})

story(
  'a token that may not write checks: the review is posted, and the exit code is the gate',
  async ({ repository, review }) => {
    const pull = await repository.pullRequest({ changes: { 'shop/netpol.yaml': ALLOW_WEB } })
    const { code, stdout, stderr } = await review(['--pull', String(pull.number)])
    expect(code).toBe(1)
    expect(stderr).toBe(
      'ambient-guard: no check run was written (Resource not accessible by integration), so the exit code is the gate.\n',
    )
    expect(stdout).toMatch(/^### ambient-guard: 1 error introduced\n/)
    expect(ours(pull)).toEqual([])
    expect(pull.review.comments).toHaveLength(1)
    expect(pull.review.body).not.toContain('check')
  },
  { contents: 'read', pull_requests: 'write', checks: 'read' },
)

story(
  'a token that may only read, as for a fork: the summary, and the exit code',
  async ({ repository, review }) => {
    const pull = await repository.pullRequest({
      changes: { 'shop/netpol.yaml': ALLOW_WEB },
      author: 'dana',
      fork: { owner: 'dana' },
    })
    const { code, stdout, stderr } = await review(['--pull', String(pull.number)])
    expect(code).toBe(1)
    expect(stderr).toContain('no check run was written')
    expect(stdout).toContain('GitHub did not take review comments, so everything is said here.')
    expect([ours(pull), pull.reviews]).toEqual([[], []])
  },
  { contents: 'read', pull_requests: 'read', checks: 'read' },
)

story('a person has no check runs, and none is asked for', async ({ github, repository, review }) => {
  const pull = await repository.pullRequest({ changes: { 'shop/netpol.yaml': ALLOW_WEB } })
  github.fail({ operation: 'viewer', status: 200, body: { data: { viewer: { login: 'mona' } } } })
  const { code, stderr } = await review(['--pull', String(pull.number)])
  expect(code).toBe(1)
  expect(stderr).toContain('(only apps may write check runs, and this is the token of a person)')
  expect(ours(pull)).toEqual([])
  expect(github.count({ path: /check-runs/ })).toBe(0)
  expect(pull.review.comments).toHaveLength(1)
})

story('a merge group is judged by its commits', async ({ github, review, folder }) => {
  const repository = await github.repository({
    name: 'queue',
    files: { 'shop/namespace.yaml': NAMESPACE, 'shop/app.yaml': APP },
  })
  const policy = await repository.pullRequest({ changes: { 'shop/netpol.yaml': ALLOW_WEB } })
  const label = await repository.pullRequest({ changes: { 'shop/namespace.yaml': ENROLLED } })
  const group = await repository.mergeGroup([policy, label])
  // A job of the workflow that is called like our check is a run of the same app, and not ours.
  const job = {
    name: 'ambient-guard',
    head_sha: group.head,
    external_id: 'ca395085-040a-526b-2ce8-bdc85f692774',
  }
  const made = await fetch(`${github.apiUrl}/repos/acme/queue/check-runs`, {
    method: 'POST',
    headers: { authorization: `Bearer ${github.token()}`, 'content-type': 'application/json' },
    body: JSON.stringify({ ...job, status: 'in_progress' }),
  })
  expect(made.status).toBe(201)
  github.forgetRequests()
  const event = join(folder, 'event.json')
  const merge_group = { head_sha: group.head, base_sha: group.base, base_ref: 'refs/heads/main' }
  writeFileSync(event, JSON.stringify({ action: 'checks_requested', merge_group }))
  const { code, stdout } = await review(['--repo', 'acme/queue'], {
    GITHUB_EVENT_PATH: event,
    GITHUB_TOKEN: github.token(),
  })
  expect(code).toBe(1)
  expect(stdout).toContain('1 error introduced')
  const runs = github.writes.filter(({ path }) => path.endsWith('/check-runs'))
  expect(runs.map(({ body }) => (body as { readonly head_sha: string }).head_sha)).toEqual([group.head])
})

story(
  'what cannot be judged is said with a remedy, and ends with 2',
  async ({ github, repository, review, folder }) => {
    const pull = await repository.pullRequest({ changes: { 'a.txt': 'a\n' } })
    const said = async (
      argv: readonly string[],
      more: Readonly<Record<string, string>> = {},
    ): Promise<string> => {
      const { code, stdout, stderr } = await review(argv, more)
      expect([code, stdout]).toEqual([2, ''])
      return stderr
    }
    const one = ['--pull', String(pull.number)]
    const empty = join(folder, 'empty.json')
    writeFileSync(empty, '{"ref": "refs/heads/main"}')
    expect(await said(one, { GITHUB_TOKEN: '' })).toContain('GITHUB_TOKEN is not set')
    expect(await said(one, { GITHUB_TOKEN: 'ghs_wrong' })).toMatch(
      /Bad credentials\. Set GITHUB_TOKEN to one/,
    )
    expect(await said(one, { GITHUB_REPOSITORY: '' })).toContain('Write --repo OWNER/REPO')
    expect(await said(['--repo', 'acme/..', ...one])).toContain('is not OWNER/REPO')
    expect(await said([])).toContain('No pull request is named')
    expect(await said(['--pull', '0'])).toContain('is no number')
    expect(await said([], { GITHUB_EVENT_PATH: empty })).toContain('about no pull request')
    expect(await said(['--repo', 'acme/nowhere', ...one])).toMatch(
      /^ambient-guard: GitHub refused to show pull request \d+: Not Found\. Name a pull request of a repository/,
    )
    const blind = github.token({ permissions: { checks: 'write' } })
    expect(await said(one, { GITHUB_TOKEN: blind })).toMatch(
      /not accessible.* The token needs contents: read/,
    )
    await pull.closed()
    expect(await said(one)).toContain(`Pull request ${String(pull.number)} is closed, so nothing was judged.`)
  },
)

story('the token is in no argument and in no output', async ({ repository, environment, folder }) => {
  const pull = await repository.pullRequest({ changes: { 'shop/netpol.yaml': ALLOW_WEB } })
  const seen = join(folder, 'arguments')
  const git = join(folder, 'git')
  const real = (process.env.PATH ?? '')
    .split(delimiter)
    .map((path) => join(path, 'git'))
    .find(existsSync)
  writeFileSync(git, `#!/bin/sh\nprintf '%s\\n' "$@" >> '${seen}'\nexec '${real ?? ''}' "$@"\n`)
  chmodSync(git, 0o755)
  const path = `${folder}${delimiter}${process.env.PATH ?? ''}`
  const argv = ['--import', 'tsx', 'src/cli/main.ts', 'review', '--pull', String(pull.number)]
  const { stdout, stderr, code } = await promisify(execFile)(process.execPath, argv, {
    cwd: ROOT,
    env: { ...environment, PATH: path, AMBIENT_GUARD_DEBUG: '1' },
  }).then(
    (done) => ({ ...done, code: 0 }),
    (error: unknown) => error as { stdout: string; stderr: string; code: number },
  )
  expect([code, stderr]).toEqual([1, ''])
  expect(stdout).toContain('1 error introduced')
  const words = readFileSync(seen, 'utf8')
  expect(words).toMatch(/^fetch$/m)
  const token = environment['GITHUB_TOKEN'] ?? ''
  for (const text of [words, stdout, stderr]) {
    expect(text).not.toContain(token)
    expect(text).not.toContain(Buffer.from(`x-access-token:${token}`).toString('base64'))
  }
})

it('sends a token to one GitHub only', () => {
  const at = (env: Readonly<Record<string, string>>): unknown => {
    const read = readTokenSettings({ GITHUB_TOKEN: 'ghs_x', ...env })
    return read.ok ? [read.settings.apiUrl, read.settings.gitUrl] : read.mistakes
  }
  expect(at({})).toEqual(['https://api.github.com', 'https://github.com'])
  const own = ['https://ghe.example/api/v3', 'https://ghe.example']
  expect(at({ GITHUB_API_URL: 'https://ghe.example/api/v3' })).toEqual(own)
  expect(at({ GITHUB_SERVER_URL: 'https://ghe.example/' })).toEqual(own)
  expect(at({ GITHUB_SERVER_URL: 'https://acme.ghe.com' })).toEqual([
    'https://api.acme.ghe.com',
    'https://acme.ghe.com',
  ])
  expect(at({ GITHUB_API_URL: 'https://proxy.example/github' })).toEqual([
    'GITHUB_SERVER_URL is not set, and does not follow from GITHUB_API_URL: set it to where its pages are, such as https://github.example.com',
  ])
  expect(at({ GITHUB_API_URL: 'ftp://ghe.example' })).toHaveLength(1)
  expect(at({ GITHUB_TOKEN: 'two words' })).toEqual([
    'GITHUB_TOKEN is no token: it holds spaces or line breaks',
  ])
})
