// Whatever happens to a pull request, and in whatever order, it ends as one clean look at it would have left it. The
// model is the app itself: the same base and head in a world where nothing else ever happened.
// MODEL_RUNS and MODEL_SEED play more stories, or others.
import { execFileSync } from 'node:child_process'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Fault, GitHub, MergeGroup, PullRequest, Repository } from '../harness/index.ts'
import { ALLOW_WEB, APP, DENY_INGRESS, ENROLLED, NAMESPACE, SHOP } from './manifests.ts'
import { play, said } from './scenario.ts'
import type { Story } from './scenario.ts'

const RUNS = Number(process.env.MODEL_RUNS ?? 15)
const SEED = Number(process.env.MODEL_SEED ?? 1)

const FILES = {
  'shop/netpol.yaml': [
    ALLOW_WEB,
    `${ALLOW_WEB}        - port: 15008\n          protocol: TCP\n`,
    ALLOW_WEB.replace('port: 9090\n          protocol: TCP', 'port: http'),
    DENY_INGRESS,
    `# Words above.\n${ALLOW_WEB}`,
    ALLOW_WEB.replaceAll('\n', '\r\n'),
    ALLOW_WEB.trimEnd(),
    null,
  ],
  'shop/app.yaml': [APP, APP.replace('image: app', 'image: app:2'), APP.replace('name: my-app', 'name: [')],
  'shop/namespace.yaml': [ENROLLED, NAMESPACE],
  'README.md': ['One.\n', 'Two.\n'],
} as const

type Path = keyof typeof FILES
type Changes = Readonly<Partial<Record<Path, string | null>>>

const PATHS = Object.keys(FILES) as readonly Path[]
const changes: fc.Arbitrary<Changes> = fc
  .array(
    fc
      .constantFrom(...PATHS)
      .chain((path) => fc.constantFrom(...FILES[path]).map((text) => [path, text] as const)),
    { minLength: 1, maxLength: 3 },
  )
  .map((pairs) => Object.fromEntries(pairs))

/** Which call fails, and how. */
const fault: fc.Arbitrary<Fault> = fc.oneof(
  fc.record({
    path: fc.constantFrom(
      '/repos/acme/platform/check-runs',
      '/repos/acme/platform/check-runs/*',
      '/repos/acme/platform/pulls/*',
      '/repos/acme/platform/pulls/*/reviews',
      '/repos/acme/platform/pulls/*/files',
      '/repos/acme/platform/compare/*',
      '/repos/acme/platform/commits/*/check-runs',
    ),
    status: fc.constantFrom(500, 502, 503, 404, 422),
  }),
  fc.record({
    method: fc.constantFrom('POST', 'PATCH'),
    path: fc.constantFrom(
      '/repos/acme/platform/check-runs',
      '/repos/acme/platform/check-runs/*',
      '/repos/acme/platform/pulls/*/reviews',
    ),
    afterWrite: fc.constant(true),
    hangUp: fc.boolean(),
  }),
  fc.record({
    operation: fc.constantFrom('repository', 'resolveReviewThread', 'unresolveReviewThread'),
    status: fc.constantFrom(500, 502),
    afterWrite: fc.boolean(),
  }),
  fc.record({ path: fc.constant(/\.git\/(info\/refs|git-upload-pack)$/), status: fc.constant(503) }),
)

/** What may happen. `at` and `nth` are taken modulo what there is. */
const deed = fc.oneof(
  { weight: 5, arbitrary: fc.record({ does: fc.constant('push' as const), changes }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constant('force' as const), changes }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constant('base' as const), changes }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constant('redeliver' as const), nth: fc.nat() }) },
  { weight: 3, arbitrary: fc.record({ does: fc.constant('fail' as const), fault }) },
  {
    weight: 4,
    arbitrary: fc.record({
      does: fc.constantFrom(
        'recheck',
        'rerun',
        'rerunAll',
        'retitle',
        'draft',
        'ready',
        'close',
        'reopen' as const,
      ),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ does: fc.constantFrom('answer', 'resolve', 'copy' as const), nth: fc.nat() }),
  },
  { weight: 3, arbitrary: fc.record({ does: fc.constantFrom('lose', 'sweep', 'queue' as const) }) },
)
type Deed = typeof deed extends fc.Arbitrary<infer T> ? T : never

/** Together: the next one begins before the app has heard of this one. */
const stories = fc.array(fc.record({ deed, waits: fc.boolean() }), { minLength: 2, maxLength: 9 })

test('a pull request ends as one clean look would have left it', { timeout: 60_000 * RUNS }, async () => {
  await fc.assert(
    fc.asyncProperty(changes, fc.boolean(), stories, async (first, forked, steps) => {
      await play(async (story) => {
        const { github, app } = story
        const repository = await github.repository({ files: SHOP })
        const pull = await repository.pullRequest({
          changes: { 'README.md': 'Zero.\n', ...first },
          ...(forked ? { fork: { owner: 'stranger' } } : {}),
        })
        await app.hears(pull.opened())
        const people: People = { said: new Map(), answered: new Set(), resolved: new Set(), queued: [] }
        for (const { deed: one, waits } of steps) {
          const done = act(story, repository, pull, one, people)
          if (waits) await app.hears(done)
          else await done
        }
        await settle(story, pull)
        await compare(story, repository, pull, people)
      })
    }),
    { numRuns: RUNS, seed: SEED, endOnFailure: process.env.MODEL_SHRINK === undefined },
  )
})

/** Does one thing, where it can be done now. */
async function act(
  { github, app }: Story,
  repository: Repository,
  pull: PullRequest,
  one: Deed,
  people: People,
): Promise<void> {
  const nth = <T>(all: readonly T[], index: number): T | undefined => all[index % Math.max(1, all.length)]
  const closed = pull.state === 'closed'
  switch (one.does) {
    case 'push':
      if (!closed) await pull.pushes(one.changes)
      return
    case 'force':
      if (!closed) await pull.forcePushes({ 'README.md': 'Zero.\n', ...one.changes })
      return
    case 'base':
      await repository.pushToBase(one.changes)
      return
    case 'redeliver': {
      const delivery = nth(github.deliveries, one.nth)
      if (delivery !== undefined) await github.redeliver(delivery)
      return
    }
    case 'fail':
      github.fail(one.fault)
      return
    case 'lose':
      github.loses({})
      return
    case 'sweep':
      await app.sweep()
      return
    case 'queue': {
      // GitHub makes no group of what does not merge.
      const group = closed ? null : await repository.mergeGroup([pull]).catch(() => null)
      if (group === null) return
      await group.requested()
      people.queued.push(group)
      return
    }
    case 'recheck':
      await pull.comment('/ambient-recheck')
      return
    case 'rerun':
      await pull.checks[0]?.rerequest()
      return
    case 'rerunAll':
      await pull.checks[0]?.rerequestSuite()
      return
    case 'retitle':
      await pull.retitled('Something else')
      return
    case 'draft':
      await pull.convertedToDraft()
      return
    case 'ready':
      await pull.readyForReview()
      return
    case 'close':
      if (!closed) await pull.closed()
      return
    case 'reopen':
      if (closed) await pull.reopened()
      return
    case 'answer': {
      const ours = nth(
        pull.reviewComments.filter(({ author }) => author === github.botLogin),
        one.nth,
      )
      if (ours === undefined) return
      const { commentId } = await pull.replies(ours.id, 'Next week.')
      people.said.set(commentId, 'Next week.')
      people.answered.add(ours.id)
      return
    }
    case 'resolve': {
      const ours = nth(
        pull.reviewComments.filter(({ author, resolved }) => author === github.botLogin && !resolved),
        one.nth,
      )
      if (ours === undefined) return
      pull.resolvesThread(ours.id)
      people.resolved.add(ours.id)
      return
    }
    case 'copy': {
      const ours = nth(
        pull.reviewComments.filter(({ author, line }) => author === github.botLogin && line !== null),
        one.nth,
      )
      if (ours?.line == null) return
      const { commentId } = await pull.commentsOn(ours.path, ours.line, ours.body, { by: 'stranger' })
      people.said.set(commentId, ours.body)
    }
  }
}

/** Whatever was armed is spent or forgotten, and somebody asks for one more look. */
async function settle({ github, app }: Story, pull: PullRequest): Promise<void> {
  github.forgetFaults()
  await app.sweep()
  if (pull.state === 'closed') await app.hears(pull.reopened())
  await app.hears(pull.readyForReview())
  await app.hears(pull.check.rerequest())
}

/** What people did on the diff. */
interface People {
  /** Comments of theirs, by id. */
  readonly said: Map<number, string>
  /** Our comments whose threads they answered or resolved. */
  readonly answered: Set<number>
  readonly resolved: Set<number>
  /** Merge groups that they had made. */
  readonly queued: MergeGroup[]
}

async function compare(
  { github, app }: Story,
  repository: Repository,
  pull: PullRequest,
  people: People,
): Promise<void> {
  const clean = await cleanLook(repository, pull)
  expect(judged(github, pull)).toEqual(clean.judged)
  // Nothing is left half done, and nothing of anybody else was touched.
  expect(pull.pendingReviews).toEqual([])
  expect(pull.checks.every(({ status }) => status === 'completed')).toBe(true)
  // A webhook that was lost is no excuse: a queue waits for its check.
  for (const { check } of people.queued) expect(check.status).toBe('completed')
  for (const [id, body] of people.said)
    expect(pull.reviewComments.find((one) => one.id === id)).toMatchObject({ body, minimized: null })

  if (!clean.judged.title.startsWith('Does not merge')) {
    const ours = pull.reviewComments.filter(
      ({ author, inReplyTo }) => author === github.botLogin && inReplyTo === null,
    )
    const standing = ours.filter(({ outdated }) => !outdated)
    const bodies = [...standing, ...pull.reviews.filter(({ minimized }) => minimized === null)].map(
      ({ body }) => body,
    )
    const live = new Set(clean.said)
    expect(
      bodies
        .flatMap(marksIn)
        .filter((mark) => live.has(mark))
        .sort(),
    ).toEqual(clean.said)
    for (const { id, body, resolved } of standing) {
      const holds = marksIn(body).some((mark) => live.has(mark))
      if (holds) expect(resolved).toBe(people.resolved.has(id))
      else if (!clean.judged.title.includes('not judged'))
        expect(resolved || people.answered.has(id)).toBe(true)
    }
  }

  // And looking once more writes nothing.
  github.forgetRequests()
  await app.hears(pull.reopened())
  expect(github.writes).toEqual([])
}

interface Judged {
  readonly conclusion: string | null
  readonly title: string
  readonly summary: string
  readonly annotations: readonly unknown[]
}

function judged(github: GitHub, { check }: PullRequest): Judged {
  const { title, summary, annotations } = check.output
  return {
    conclusion: check.conclusion,
    title: said(github, title),
    summary: said(github, summary),
    annotations,
  }
}

function marksIn(body: string): readonly string[] {
  return body.match(/f-[0-9a-f]{10}(?= -->$)/gm) ?? []
}

/** One look at the same merge base, base and head, where nothing else ever happened. */
async function cleanLook(
  repository: Repository,
  pull: PullRequest,
): Promise<{ readonly judged: Judged; readonly said: readonly string[] }> {
  const git = ['-C', repository.path, 'merge-base', repository.defaultBranch, pull.head]
  const mergeBase = execFileSync('git', git, { encoding: 'utf8' }).trim()
  const at = (ref: string): Changes =>
    Object.fromEntries(PATHS.map((path) => [path, repository.file(path, ref)]))
  let result: { readonly judged: Judged; readonly said: readonly string[] } | null = null
  await play(async ({ github, app }) => {
    const files = Object.fromEntries(Object.entries(at(mergeBase)).filter(([, text]) => text !== null))
    const fresh = await github.repository({ files })
    const same = await fresh.pullRequest({ changes: at(pull.head) })
    await fresh.pushToBase(at(repository.defaultBranch))
    await app.hears(same.opened())
    result = {
      judged: judged(github, same),
      said: same.reviewComments.flatMap(({ body }) => marksIn(body)).sort(),
    }
  })
  if (result === null) throw new Error('nothing was played')
  return result
}
