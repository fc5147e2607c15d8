// For which reasons a sweep takes something up, and for which it leaves it alone: GitHub's answers to its queries, and
// the tasks that are left. test/app/sweep.test.ts tells the stories.
import { describe, expect, it } from 'vitest'
import type { Client } from '../../src/github/api/client.ts'
import type { Delivery } from '../../src/github/api/overview.ts'
import type { FleetBench } from '../../src/jobs/bench.ts'
import { sweepJob, sweepRepositoryJob } from '../../src/jobs/sweep.ts'
import type { Task } from '../../src/jobs/task.ts'
import { withGround } from '../../src/words/github/ground.ts'

const NOW = Date.parse('2027-01-31T12:00:00Z')
const ago = (minutes: number): string => new Date(NOW - minutes * 60_000).toISOString()
const [OLD_TIP, TIP, HEAD] = ['a', 'b', 'c'].map((digit) => digit.repeat(40)) as [string, string, string]
const judged = (tip: string, branch = 'main'): string => withGround('All is well.', branch, tip)

interface World {
  readonly first?: boolean
  readonly pulls?: readonly object[]
  readonly groups?: readonly object[] | Error
  /** What moved between two tips; null: nobody can say. */
  readonly changed?: readonly string[] | null
  readonly turn?: (name: string, milliseconds: number) => boolean
}

/** The tasks that one repository comes to, each in a few words, and the variables of all queries. */
async function swept({ first = false, pulls = [], groups = [], changed = [], turn = () => true }: World) {
  const tasks: Task[] = []
  const asked: Readonly<Record<string, unknown>>[] = []
  const fetched: unknown[] = []
  const graphql = (query: string, variables: Readonly<Record<string, unknown>>): Promise<unknown> => {
    asked.push(variables)
    if (query.includes('mergeQueue'))
      return groups instanceof Error
        ? Promise.reject(groups)
        : Promise.resolve({
            repository: { defaultBranchRef: { name: 'main' }, mergeQueue: { entries: { nodes: groups } } },
          })
    const after = Number(variables['after'] ?? 0)
    const pageInfo = { hasNextPage: after + 2 < pulls.length, endCursor: String(after + 2) }
    return Promise.resolve({
      repository: { pullRequests: { pageInfo, nodes: pulls.slice(after, after + 2) } },
    })
  }
  const repository = { owner: 'acme', name: 'platform' }
  const bench = {
    appId: 7,
    clock: { now: () => new Date(NOW) },
    log: { info: () => undefined, warn: () => undefined, error: () => undefined },
    client: () => Promise.resolve({ octokit: { graphql }, repository } as unknown as Client),
    enqueue: (task: Task) => Promise.resolve(void tasks.push(task)),
    turn: (name: string, milliseconds: number) => Promise.resolve(turn(name, milliseconds)),
    gitUrl: () => 'https://git.example/acme/platform.git',
    gitTokens: { get: () => Promise.resolve('token') },
    mirror: () => ({
      fetch: ({ commits, refs }: { readonly commits: unknown; readonly refs: unknown }) =>
        Promise.resolve(void fetched.push(commits, refs)),
      changed: () => Promise.resolve(changed),
    }),
  } as unknown as FleetBench
  const task = { kind: 'repository-sweep-wanted', repository, installation: 1, first } as const
  await sweepRepositoryJob(bench, task).run()
  const said = tasks.map((one) => {
    if (one.kind === 'review-wanted') return `${one.manner} ${String(one.number)}`
    if (one.kind === 'command-given') return `command ${String(one.commentId)} on ${String(one.number)}`
    return one.kind
  })
  return { said, tasks, asked, fetched }
}

const run = (over: object = {}): object => ({
  id: 'R1',
  externalId: '1',
  status: 'COMPLETED',
  startedAt: ago(600),
  summary: judged(TIP),
  ...over,
})
const commit = (runs: readonly object[], oid = HEAD): object => ({
  oid,
  checkSuites: { nodes: [{ checkRuns: { nodes: runs } }] },
})
const pull = (runs: readonly object[], over: object = {}): object => ({
  number: 1,
  headRefOid: HEAD,
  locked: false,
  baseRefName: 'main',
  baseRef: { target: { oid: TIP } },
  comments: { nodes: [] },
  commits: { nodes: [{ commit: commit(runs) }] },
  ...over,
})
const comment = (over: object = {}): object => ({
  fullDatabaseId: '9007199254740',
  createdAt: ago(30),
  body: '/ambient-fix',
  author: { __typename: 'User', login: 'mona', databaseId: 5 },
  reactionGroups: [{ content: 'EYES', viewerHasReacted: true }],
  ...over,
})
const talked = (...comments: readonly object[]): World => ({
  pulls: [pull([run()], { comments: { nodes: comments } })],
})

describe('a pull request', () => {
  const underWay = { status: 'IN_PROGRESS', summary: null }
  it.each<[why: string, World, readonly string[]]>([
    ['has a run that is over, on the tip', { pulls: [pull([run()])] }, []],
    ['has no run', { pulls: [pull([])] }, ['look 1']],
    [
      'has no suites',
      { pulls: [pull([], { commits: { nodes: [{ commit: { oid: HEAD, checkSuites: null } }] } })] },
      ['look 1'],
    ],
    [
      'has the run of another pull request of its head alone',
      { pulls: [pull([run({ externalId: '2' })])] },
      ['look 1'],
    ],
    ['has the run of a merge group alone', { pulls: [pull([run({ externalId: '' })])] }, ['look 1']],
    [
      'has a run on an older head',
      { pulls: [pull([], { commits: { nodes: [{ commit: commit([run()], OLD_TIP) }] } })] },
      ['look 1'],
    ],
    ['is being worked on', { pulls: [pull([run({ ...underWay, startedAt: ago(9) })])] }, []],
    [
      'has a run that nobody works on any more',
      { pulls: [pull([run({ ...underWay, startedAt: ago(11) })])] },
      ['look 1'],
    ],
    [
      'has a run that never said when it began',
      { pulls: [pull([run({ ...underWay, startedAt: null })])] },
      ['look 1'],
    ],
    [
      'was worked on by a process that is gone',
      { first: true, pulls: [pull([run({ ...underWay, startedAt: ago(1) })])] },
      ['look 1'],
    ],
    ['is done, and a process begins', { first: true, pulls: [pull([run()])] }, []],
    [
      'has a newer run that is over',
      { pulls: [pull([run({ ...underWay, startedAt: ago(700) }), run()])] },
      [],
    ],
    [
      'has a newer run that hangs',
      { pulls: [pull([run(), run({ ...underWay, startedAt: ago(20) })])] },
      ['look 1'],
    ],
    [
      'has a newer run of the same second',
      { pulls: [pull([run({ ...underWay, startedAt: ago(600) }), run()])] },
      [],
    ],
    [
      'was judged against another branch',
      { pulls: [pull([run({ summary: judged(TIP, 'next') })])] },
      ['look 1'],
    ],
    ['has lost its base', { pulls: [pull([run({ summary: judged(OLD_TIP) })], { baseRef: null })] }, []],
  ])('%s', async (_, world, expected) => {
    const { said, fetched } = await swept({ ...world, changed: ['a.yaml'] })
    expect(said).toEqual(expected)
    // Nor is git asked for anything.
    expect(fetched).toEqual([])
  })

  it('is found on every page, and only runs of this app are asked for', async () => {
    const pulls = [1, 2, 3, 4, 5].map((number) => pull([], { number }))
    const { said, asked } = await swept({ pulls })
    expect(said).toEqual(['look 1', 'look 2', 'look 3', 'look 4', 'look 5'])
    expect(asked.map(({ app, owner, name }) => [app, owner, name])).toEqual(
      asked.map(() => [7, 'acme', 'platform']),
    )
    expect(asked).toHaveLength(4)
  })
})

describe('a command', () => {
  it('without a receipt is carried out, as GitHub told of it', async () => {
    const { tasks } = await swept(talked(comment()))
    expect(tasks).toEqual([
      {
        kind: 'command-given',
        repository: { owner: 'acme', name: 'platform' },
        installation: 1,
        number: 1,
        commentId: 9_007_199_254_740,
        at: ago(30),
        body: '/ambient-fix',
        author: { id: 5, login: 'mona' },
        authorIsBot: false,
        swept: true,
      },
    ])
  })

  it.each<[why: string, World, boolean]>([
    ['is a day old, and a minute less', talked(comment({ createdAt: ago(24 * 60 - 1) })), true],
    ['is older than a day', talked(comment({ createdAt: ago(24 * 60 + 1) })), false],
    [
      'was carried out',
      talked(comment({ reactionGroups: [{ content: 'ROCKET', viewerHasReacted: true }] })),
      false,
    ],
    [
      'was not understood',
      talked(comment({ reactionGroups: [{ content: 'CONFUSED', viewerHasReacted: true }] })),
      false,
    ],
    [
      'was refused',
      talked(comment({ reactionGroups: [{ content: 'THUMBS_DOWN', viewerHasReacted: true }] })),
      false,
    ],
    [
      'has the rocket of somebody else',
      talked(comment({ reactionGroups: [{ content: 'ROCKET', viewerHasReacted: false }] })),
      true,
    ],
    [
      'has a heart of ours',
      talked(comment({ reactionGroups: [{ content: 'HEART', viewerHasReacted: true }] })),
      true,
    ],
    ['has no reactions', talked(comment({ reactionGroups: null })), true],
    ['is of a bot', talked(comment({ author: { __typename: 'Bot', login: 'renovate' } })), false],
    ['is of somebody who is gone', talked(comment({ author: null })), false],
    ['is none', talked(comment({ body: 'Shall we?' })), false],
  ])('%s', async (_, world, expected) => {
    const { said } = await swept(world)
    expect(said).toEqual(expected ? ['command 9007199254740 on 1'] : [])
  })

  it('in a locked conversation is left alone', async () => {
    const comments = { nodes: [comment()] }
    expect((await swept({ pulls: [pull([run()], { comments, locked: true })] })).said).toEqual([])
  })
})

describe('a base that moved', () => {
  const moved = (count = 1): readonly object[] =>
    Array.from({ length: count }, (_, index) =>
      pull([run({ id: `R${String(index + 1)}`, externalId: String(index + 1), summary: judged(OLD_TIP) })], {
        number: index + 1,
      }),
    )

  it.each<[path: string, isGlanced: boolean]>([
    ['docs/README.md', false],
    ['src/main.go', false],
    ...[
      'a.yaml',
      'A.YML',
      'a.json',
      'c/templates/_x.tpl',
      'c.tgz',
      'v.env',
      'x.properties',
      'x.toml',
      'Chart.lock',
      'd/Kustomization',
    ].map((path): [string, boolean] => [path, true]),
  ])('in %s', async (path, isGlanced) => {
    const { said } = await swept({ pulls: moved(), changed: ['LICENSE.md', path] })
    expect(said).toEqual(isGlanced ? ['glance 1'] : [])
  })

  it('in nobody knows what is glanced at', async () => {
    expect((await swept({ pulls: moved(), changed: null })).said).toEqual(['glance 1'])
  })

  it('is glanced at where a run does not say what it was judged against', async () => {
    const { said } = await swept({ pulls: [pull([run({ summary: 'It failed.' })])], changed: [] })
    expect(said).toEqual(['glance 1'])
  })

  it('is fetched once, tip and branch', async () => {
    const { fetched } = await swept({ pulls: moved(3), changed: ['a.yaml'] })
    expect(fetched).toEqual([[TIP], ['refs/heads/main']])
  })

  /** Turns as a queue gives them, at a time that can be moved; and those that were asked for. */
  const clockwork = () => {
    const until = new Map<string, number>()
    const asked: (readonly [string, number])[] = []
    let now = 0
    return {
      asked,
      passes: (minutes: number) => {
        now += minutes
      },
      turn: (name: string, milliseconds: number): boolean => {
        asked.push([name, milliseconds / 60_000])
        if ((until.get(name) ?? 0) > now) return false
        until.set(name, now + milliseconds / 60_000)
        return true
      },
    }
  }

  it('is glanced at once for a run and a tip, by one process in a day', async () => {
    const { turn, asked, passes } = clockwork()
    const world = { pulls: moved(2), changed: ['a.yaml'], turn }
    expect((await swept(world)).said.sort()).toEqual(['glance 1', 'glance 2'])
    expect(asked.sort()).toEqual(['R1', 'R2'].map((id) => [`glance ${id} ${TIP}`, 24 * 60]))
    passes(24 * 60 - 1)
    expect((await swept(world)).said).toEqual([])
    passes(1)
    expect((await swept(world)).said.sort()).toEqual(['glance 1', 'glance 2'])
  })

  it('what could not be judged is tried again after a quarter of an hour', async () => {
    const { turn, passes } = clockwork()
    const world = { pulls: [pull([run({ summary: 'It failed.' })])], turn }
    expect((await swept(world)).said).toEqual(['glance 1'])
    passes(14)
    expect((await swept(world)).said).toEqual([])
    passes(1)
    expect((await swept(world)).said).toEqual(['glance 1'])
  })

  it('brings 25 glances in one sweep, and leaves the others their turn', async () => {
    const { turn } = clockwork()
    const world = { pulls: moved(30), changed: ['a.yaml'], turn }
    const [first, second] = [(await swept(world)).said, (await swept(world)).said]
    expect([first.length, second.length, new Set([...first, ...second]).size]).toEqual([25, 5, 30])
  })

  it('and that keeps moving is glanced at from everywhere', async () => {
    const { turn } = clockwork()
    const seen = new Set<string>()
    for (let tip = 0; tip < 24; tip += 1) {
      const oid = tip.toString(16).padStart(2, '0').repeat(20)
      const onTip = moved(60).map((one) => ({ ...one, baseRef: { target: { oid } } }))
      for (const said of (await swept({ pulls: onTip, changed: ['a.yaml'], turn })).said) seen.add(said)
    }
    expect(seen.size).toBe(60)
  })
})

describe('a head for which no run can be made', () => {
  it('is judged again after a quarter of an hour, and at once where a process has just begun', async () => {
    const turns: unknown[] = []
    const turn = (...asked: readonly unknown[]): boolean => turns.push(asked) > 1
    expect((await swept({ pulls: [pull([])], turn })).said).toEqual([])
    expect(turns).toEqual([[`look acme/platform#1 ${HEAD}`, 15 * 60_000]])
    expect((await swept({ pulls: [pull([])], turn: () => false, first: true })).said).toEqual(['look 1'])
  })
})

describe('what GitHub leaves out', () => {
  it.each<[what: string, World]>([
    ['a pull request', { pulls: [null as unknown as object, pull([])] }],
    [
      'a suite',
      {
        pulls: [
          pull([], { commits: { nodes: [{ commit: { oid: HEAD, checkSuites: { nodes: [null] } } }] } }),
        ],
      },
    ],
    [
      'the runs of a suite',
      {
        pulls: [
          pull([], {
            commits: { nodes: [{ commit: { oid: HEAD, checkSuites: { nodes: [{ checkRuns: null }] } } }] },
          }),
        ],
      },
    ],
    ['a run', { pulls: [pull([null as unknown as object])] }],
    ['a comment', { pulls: [pull([], { comments: { nodes: [null] } })] }],
    ['the commits', { pulls: [pull([], { commits: { nodes: null } })] }],
    ['the commit of the base', { pulls: [pull([], { baseRef: { target: null } })] }],
  ])('%s: the others are seen', async (_, world) => {
    expect((await swept(world)).said).toEqual(['look 1'])
  })
})

describe('a group of the merge queue', () => {
  const entry = (runs: readonly object[], over: object = {}): object => ({
    baseCommit: { oid: TIP },
    headCommit: commit(runs),
    ...over,
  })

  it('without a run is judged; one with a run, or that is not there yet, is left', async () => {
    const ours = run({ externalId: '' })
    const { tasks } = await swept({ groups: [entry([])] })
    expect(tasks).toMatchObject([
      { kind: 'merge-group-requested', headSha: HEAD, baseSha: TIP, baseRef: 'main', installation: 1 },
    ])
    expect((await swept({ groups: [entry([ours])] })).said).toEqual([])
    expect((await swept({ groups: [entry([run()])] })).said).toEqual(['merge-group-requested'])
    expect((await swept({ groups: [entry([], { headCommit: null })] })).said).toEqual([])
    expect((await swept({ groups: [entry([], { baseCommit: null })] })).said).toEqual([])
  })

  const http = (status: number): Error => Object.assign(new Error('no'), { status, response: {} })

  it.each([
    ['is forbidden to see', http(403)],
    ['is not there', http(404)],
    [
      'an older server does not know of',
      Object.assign(new Error('no'), {
        name: 'GraphqlResponseError',
        errors: [{ message: 'no such field' }],
      }),
    ],
  ])('that it %s keeps no pull request waiting', async (_, groups) => {
    expect((await swept({ pulls: [pull([])], groups })).said).toEqual(['look 1'])
  })

  it('that GitHub fails to show makes the sweep one to try again', async () => {
    await expect(swept({ groups: http(500) })).rejects.toThrow('show the merge queue')
  })
})

describe('deliveries', () => {
  /** @param refused ids that GitHub does not send again. Repositories are swept whatever becomes of deliveries. */
  const redelivered = async (
    deliveries: readonly Delivery[] | null,
    first = false,
    refused: readonly number[] = [],
  ) => {
    const again: number[] = []
    const since: Date[] = []
    const swept: Task[] = []
    const told: unknown[] = []
    const bench = {
      clock: { now: () => new Date(NOW) },
      log: { warn: (...[, words]: readonly unknown[]) => told.push(words) },
      enqueue: (task: Task) => Promise.resolve(void swept.push(task)),
      overview: {
        deliveries: (from: Date) =>
          deliveries === null
            ? Promise.reject(new Error('no'))
            : Promise.resolve((since.push(from), deliveries)),
        redeliver: (id: number) =>
          refused.includes(id) ? Promise.reject(new Error('no')) : Promise.resolve(void again.push(id)),
        installations: () => Promise.resolve([1]),
        repositories: () => Promise.resolve([{ owner: 'acme', name: 'platform' }]),
      },
    } as unknown as FleetBench
    await sweepJob(bench, { kind: 'sweep-wanted', first }).run()
    expect(swept.map(({ kind }) => kind)).toEqual(['repository-sweep-wanted'])
    return { again, told, since: since.map((one) => one.toISOString()) }
  }
  const failed = (guid: string, ...ids: readonly number[]): readonly Delivery[] =>
    ids.map((id) => ({ guid, id, ok: false, event: 'pull_request.opened' }))
  const arrived = (guid: string, id: number): Delivery => ({ guid, id, ok: true, event: 'push' })

  it('that failed are asked for by their newest attempt, unless one arrived or many failed', async () => {
    const { again } = await redelivered([
      arrived('arrived', 20),
      ...failed('arrived', 19),
      ...failed('arrived-first', 18),
      arrived('arrived-first', 17),
      ...failed('thrice', 16, 15, 14),
      ...failed('hopeless', 13, 12, 11, 10),
      // Of this nothing else tells.
      ...failed('pressed', 9, 8, 7, 6, 5).map((one) => ({ ...one, event: 'check_run.requested_action' })),
      ...failed('pressed in vain', ...Array.from({ length: 100 }, (_, index) => -index)).map((one) => ({
        ...one,
        event: 'check_run.requested_action',
      })),
    ])
    expect(again).toEqual([9, 16])
  })

  it('that GitHub does not send again are told, and keep no others', async () => {
    const { again, told } = await redelivered(
      [...failed('one', 3), ...failed('two', 2), ...failed('three', 1)],
      false,
      [2],
    )
    expect(again).toEqual([3, 1])
    expect(told).toEqual(['a failed delivery is not sent again'])
    expect((await redelivered(null)).told).toEqual(['failed deliveries were not asked for'])
  })

  it('are looked for a day back, and a hundred at most', async () => {
    expect((await redelivered([])).since).toEqual([ago(24 * 60)])
    const many = Array.from({ length: 120 }, (_, id) => failed(String(id), id)).flat()
    const { again } = await redelivered(many)
    expect(again).toEqual(many.slice(0, 100).map(({ id }) => id))
  })

  it('of what somebody pressed come first, since nothing else tells of it', async () => {
    const many = Array.from({ length: 120 }, (_, id) => failed(String(id), id)).flat()
    const pressed = ['check_run.requested_action', 'check_run.rerequested', 'check_suite.rerequested'].map(
      (event, index) => ({ guid: event, id: 1000 + index, ok: false, event }),
    )
    const { again } = await redelivered([...many, ...pressed])
    expect(again).toEqual([1000, 1001, 1002, ...many.slice(0, 97).map(({ id }) => id)])
  })
})
