import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { git, refusal, scene } from './support.ts'
import type { Scene } from './support.ts'
import type { Fault } from './index.ts'

const COMMENTS = { method: 'POST', path: '/repos/*/*/issues/*/comments' } as const
const comment = ({ octokit, at }: Scene, signal?: AbortSignal) =>
  octokit.rest.issues.createComment({
    ...at,
    issue_number: 1,
    body: 'x',
    ...(signal === undefined ? {} : { request: { signal } }),
  })

test('a hook ends the connection before the work, or after it', async () => {
  await scene(async (all) => {
    const { github, pull } = all
    const before = github.before(COMMENTS, (request) => {
      expect(pull.conversation).toHaveLength(0)
      request.hangUp()
    })
    await expect(comment(all)).rejects.toThrow()
    expect([before.hits, pull.conversation.length]).toEqual([1, 0])
    const after = github.after(COMMENTS, (request) => {
      expect(pull.conversation).toHaveLength(1)
      request.hangUp()
    })
    await expect(comment(all)).rejects.toThrow()
    expect([after.hits, pull.conversation.length]).toEqual([1, 1])
    expect(github.requests.map(({ status }) => status)).toEqual([0, 0])
    github.after(COMMENTS, () => undefined)
    expect((await comment(all)).status).toBe(201)
    github.assertClean()
  })
})

test('what a hook throws fails the story, wherever it ran', async () => {
  await scene(async (all) => {
    const { github, repo } = all
    const fails = () => Promise.reject(new Error('not as expected'))
    github.before(COMMENTS, fails)
    github.after(COMMENTS, fails)
    await expect(comment(all)).rejects.toThrow()
    await expect(comment(all)).rejects.toThrow()
    github.after({ path: /\.git\// }, fails)
    expect((await git(github.token(), ['ls-remote', repo.cloneUrl])).code).not.toBe(0)
    expect(github.violations).toHaveLength(3)
  })
})

test('the n-th request, whichever it is', async () => {
  await scene(async (all) => {
    const { github, octokit, pull, of } = all
    const fault = github.fail({ skip: 2, times: 2, hangUp: true })
    await octokit.rest.pulls.get(of)
    await comment(all)
    await expect(octokit.rest.pulls.get(of)).rejects.toThrow()
    await expect(comment(all)).rejects.toThrow()
    expect((await comment(all)).status).toBe(201)
    expect([fault.hits, pull.conversation.length]).toEqual([2, 2])
    const hook = github.before({ skip: 1 }, (request) => {
      request.hangUp()
    })
    await octokit.rest.pulls.get(of)
    await expect(octokit.rest.pulls.get(of)).rejects.toThrow()
    expect(hook.hits).toBe(1)
  })
})

for (const [afterWrite, landed] of [
  [false, 0],
  [true, 1],
] as const) {
  test(`a server that does not answer, ${afterWrite ? 'though it has' : 'and has not'} done the work`, async () => {
    await scene(async (all) => {
      const { github, octokit, pull, of } = all
      github.fail({ ...COMMENTS, hangs: true, afterWrite })
      const reached = new Promise<void>((resolve) => {
        if (afterWrite) github.after(COMMENTS, resolve as () => void)
        else github.before(COMMENTS, resolve as () => void)
      })
      const controller = new AbortController()
      const asked = comment(all, controller.signal)
      await reached
      expect((await octokit.rest.pulls.get(of)).status).toBe(200)
      controller.abort()
      await expect(asked).rejects.toThrow(/abort/)
      expect(pull.conversation).toHaveLength(landed)
      expect(github.requests.map(({ status }) => status)).toEqual([0, 200])
    })
  })
}

test('an answer that breaks off, of work that was done', async () => {
  await scene(async (all) => {
    const { github, pull } = all
    github.fail({ ...COMMENTS, truncates: true })
    const url = `${github.apiUrl}/repos/acme/platform/issues/1/comments`
    const headers = { authorization: `token ${github.token()}` }
    const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ body: 'x' }) })
    expect(answer.status).toBe(201)
    await expect(answer.text()).rejects.toThrow()
    expect(pull.conversation).toHaveLength(1)
    // Octokit makes an empty text of it, and no error: whoever reads an answer has to look at it.
    github.fail({ ...COMMENTS, truncates: true })
    expect(await comment(all)).toMatchObject({ status: 201, data: '' })
  })
})

test('refusals speak as GitHub does', async () => {
  await scene(async (all) => {
    const { github, pull } = all
    const says = async (fault: Fault) => {
      github.fail({ ...COMMENTS, ...fault })
      return (await refusal(comment(all))).message.split('.')[0]
    }
    expect(await says({ status: 403 })).toBe('Resource not accessible by integration')
    const limit = { status: 403, headers: { 'retry-after': '60' } }
    expect(await says(limit)).toBe('You have exceeded a secondary rate limit')
    expect(await says({ status: 404 })).toBe('Not Found')
    expect(await says({ status: 422 })).toBe('Validation Failed')
    expect(await says({ status: 403, body: { message: 'Blocked' } })).toBe('Blocked')
    expect(pull.conversation).toEqual([])
    expect(await says({ status: 502, afterWrite: true })).toBe('a story wanted 502')
    expect(pull.conversation).toHaveLength(1)
    github.fail({ ...COMMENTS, ...limit })
    await expect(comment(all)).rejects.toMatchObject({ response: { headers: { 'retry-after': '60' } } })
  })
})

/** Clones in two requests for the refs and one for the pack; `spoil` says what goes wrong. */
async function clones(
  spoil: (scene: Scene) => void,
  then: (code: number | string, stderr: string, scene: Scene) => void,
) {
  const folder = await mkdtemp(join(tmpdir(), 'clone-'))
  try {
    await scene(async (all) => {
      spoil(all)
      const args = ['-c', 'protocol.version=2', 'clone', '--quiet', all.repo.cloneUrl, join(folder, 'clone')]
      const { code, stderr } = await git(all.github.token(), args)
      then(code, stderr, all)
      all.github.assertClean()
    })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

const REFS = { path: /\.git\/info\/refs$/ }
const PACK = { path: /\.git\/git-upload-pack$/, skip: 1 }
const SPOILED: Readonly<Record<string, [spoil: (scene: Scene) => void, seen: RegExp, statuses: number[]]>> = {
  'a hook that hangs up first': [
    ({ github }) =>
      github.before(REFS, (request) => {
        request.hangUp()
      }),
    /./,
    [0],
  ],
  'a hook that hangs up before the last part': [
    ({ github }) =>
      github.after(PACK, (request) => {
        request.hangUp()
      }),
    /./,
    [200, 200, 0],
  ],
  // By itself curl repeats what ended without a byte on a connection that had been used before.
  'a server that hangs up twice': [
    ({ github }) => github.fail({ ...PACK, times: 2, hangUp: true }),
    /./,
    [200, 200, 0, 0],
  ],
  // The answer about the refs is a single part: only its head comes.
  'a server whose answer gets lost': [
    ({ github }) => github.fail({ ...PACK, skip: 0, status: 502, afterWrite: true }),
    /./,
    [200, 0],
  ],
  'a pack that breaks off': [
    ({ github }) => github.fail({ ...PACK, truncates: true }),
    /early EOF|unexpected disconnect|outstanding read data/,
    [200, 200, 0],
  ],
  'refs that break off': [({ github }) => github.fail({ ...REFS, truncates: true }), /./, [0]],
  'a status': [({ github }) => github.fail({ ...REFS, status: 503 }), /503/, [503]],
}

for (const [name, [spoil, seen, statuses]] of Object.entries(SPOILED)) {
  test(`git and ${name}`, async () => {
    await clones(spoil, (code, stderr, { github }) => {
      expect(code).not.toBe(0)
      expect(stderr).toMatch(seen)
      expect(github.requests.map(({ status }) => status)).toEqual(statuses)
    })
  })
}

test('git and nothing that goes wrong', async () => {
  await clones(
    ({ github }) => github.after(PACK, () => undefined),
    (code, _, { github }) => {
      expect(code).toBe(0)
      expect(github.requests.map(({ status }) => status)).toEqual([200, 200, 200])
    },
  )
})

test('a limit tells git when to come back', async () => {
  await scene(async ({ github, repo }) => {
    github.fail({ ...REFS, status: 429, headers: { 'retry-after': '30' } })
    const answer = await fetch(`${repo.cloneUrl}/info/refs?service=git-upload-pack`)
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([429, '30'])
    expect(await answer.text()).toMatch(/secondary rate limit/)
  })
})

test('a git server that does not answer', async () => {
  await scene(async ({ github, repo }) => {
    github.fail({ path: /\.git\//, hangs: true })
    const reached = new Promise<void>((resolve) => {
      github.before({ path: /\.git\// }, resolve as () => void)
    })
    const controller = new AbortController()
    const asked = git(github.token(), ['ls-remote', repo.cloneUrl], controller.signal)
    await reached
    expect((await git(github.token(), ['ls-remote', repo.cloneUrl])).code).toBe(0)
    controller.abort()
    expect((await asked).code).toBe('ABORT_ERR')
    expect(github.requests[0]).toMatchObject({ path: '/acme/platform.git/info/refs', status: 0 })
  })
})
