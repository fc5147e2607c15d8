// What looking at pull requests costs a server that has looked before: a bare repository of the moj corpus, and one of
// ten copies of it as one cluster. Each look does what `jobs/look` does with the three trees once git has them.
import { execFileSync, fork } from 'node:child_process'
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { proposedConfiguration, readConfiguration } from '../src/examine/configuration.ts'
import { examine } from '../src/examine/examine.ts'
import type { Report } from '../src/examine/report.ts'
import { gitTree } from '../src/git/tree.ts'
import type { Tree } from '../src/git/tree.ts'
import { createRecall } from '../src/manifests/recall.ts'
import type { Recall, Workshop } from '../src/manifests/workshop.ts'
import { testWorkshop } from '../test/workshop.ts'
import { median, say } from './measure.ts'

const COPIES = 10
/**
 * Pull requests against one base, of which the first is the first look. In fewer of them it is chance whether the large
 * garbage collection that the first look leaves to be done falls among them.
 */
const PULLS = 201

/** Prints what the first look and a warm one cost, at both sizes, and the ratio of the warm ones. */
export async function pulls(archive: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'ambient-guard-bench-'))
  try {
    execFileSync('tar', ['xf', archive, '-C', folder])
    const warm: number[] = []
    for (const copies of [1, COPIES]) {
      const stored = await inProcess<Stored>('store', { folder, copies })
      const { first, next, own, megabytes } = await inProcess<Seen>('looks', stored)
      warm.push(next)
      say(
        `pulls, moj ${String(copies)} times: first look ${first.toFixed(0)} ms, the next ${next.toFixed(0)} ms, of which ${own.toFixed(0)} ms of our own processor time; peak ${String(megabytes)} MB`,
      )
    }
    const [one = NaN, many = NaN] = warm
    say(`pulls, ratio of a warm look at ${String(COPIES)} times the size: ${(many / one).toFixed(2)}`)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

export interface Stored {
  readonly repository: string
  readonly base: string
  readonly heads: readonly string[]
}

export interface Wanted {
  /** Holds the corpus under `namespaces`, and gets the repository. */
  readonly folder: string
  readonly copies: number
}

interface Seen {
  readonly first: number
  /** The median of the looks after the first, in milliseconds. */
  readonly next: number
  /** The median of the processor time of this process in them: without that of git. */
  readonly own: number
  readonly megabytes: number
}

/**
 * A process of its own, which has ended when its answer is here: whoever wrote a large repository has a gigabyte to
 * tidy up, on the core that the next measure needs.
 */
function inProcess<Answer>(part: string, argument: unknown): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const child = fork(join(import.meta.dirname, 'bench.ts'), [part, JSON.stringify(argument)])
    let answer: Answer | undefined
    child.once('message', (message) => {
      answer = message as Answer
    })
    child.once('error', reject)
    child.once('exit', (code) => {
      if (answer === undefined)
        reject(new Error(`The part ${part} ended with ${String(code)} and said nothing.`))
      else resolve(answer)
    })
  })
}

/** What the process that measures does. */
export async function looks(stored: Stored): Promise<void> {
  const workshop = { ...testWorkshop(), recall: createRecall() }
  const seen: { readonly took: number; readonly own: number }[] = []
  for (const head of stored.heads) {
    const [start, used] = [performance.now(), process.cpuUsage()]
    await look(stored, head, workshop)
    const { user, system } = process.cpuUsage(used)
    seen.push({ took: performance.now() - start, own: (user + system) / 1000 })
  }
  const [first, ...others] = seen
  const megabytes = Math.round(process.resourceUsage().maxRSS / 1024)
  process.send?.({
    first: first?.took ?? NaN,
    next: median(others.map(({ took }) => took)),
    own: median(others.map(({ own }) => own)),
    megabytes,
  } satisfies Seen)
}

async function look(
  { repository, base: baseId }: Stored,
  headId: string,
  workshop: Workshop & { readonly recall: Recall },
): Promise<Report> {
  const { listings } = workshop.recall
  const [base, head] = [baseId, headId].map((id) => gitTree(repository, id, { listings })) as [Tree, Tree]
  const { config, problems } = await readConfiguration(base)
  return examine({
    base,
    head,
    trusted: base,
    config,
    configProblems: problems,
    proposed: await proposedConfiguration(base, head),
    enroll: [],
    today: '2026-01-01',
    only: null,
    repositories: ['https://github.com/ministryofjustice/cloud-platform-environments'],
    workshop,
  })
}

/** Copies of a folder as the base of pull requests, each of which adds to the policies of one namespace. */
export function store({ folder, copies }: Wanted): void {
  const repository = join(folder, `${String(copies)}.git`)
  const texts = readdirSync(join(folder, 'namespaces'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => [path.slice(folder.length + 1), readFileSync(path, 'utf8')] as const)
  const files = Array.from({ length: copies }, (_, copy) =>
    texts.map(
      ([path, text]) => [`copy-${String(copy)}/${path}`, copy === 0 ? text : renamed(text, copy)] as const,
    ),
  ).flat()
  const policies = files.filter(([path]) => path.endsWith('/04-networkpolicy.yaml')).slice(0, PULLS)
  const commits = [
    commit('base', files),
    ...policies.map(([path, text], index) =>
      commit(
        `head-${String(index)}`,
        [[path, `${text}\n---\n${text.replaceAll('name: ', 'name: more-')}`]],
        'base',
      ),
    ),
  ]
  execFileSync('git', ['init', '--quiet', '--bare', repository])
  execFileSync('git', ['fast-import', '--quiet'], { cwd: repository, input: commits.join('') })
  const idOf = (name: string): string =>
    execFileSync('git', ['rev-parse', `refs/heads/${name}`], { cwd: repository })
      .toString()
      .trim()
  process.send?.({
    repository,
    base: idOf('base'),
    heads: policies.map((_, index) => idOf(`head-${String(index)}`)),
  } satisfies Stored)
}

/** A commit as git-fast-import(1) takes it. */
function commit(name: string, files: readonly (readonly [string, string])[], from?: string): string {
  const data = (text: string): string => `data ${String(Buffer.byteLength(text))}\n${text}\n`
  return [
    `commit refs/heads/${name}\ncommitter bench <bench@example.com> 1767225600 +0000\n${data(name)}`,
    from === undefined ? '' : `from refs/heads/${from}\n`,
    ...files.map(([path, text]) => `M 100644 inline ${path}\n${data(text)}`),
  ].join('')
}

/** Every namespace gets another name: what is copied is of the same cluster, and nobody's twice. */
function renamed(text: string, copy: number): string {
  const suffix = `-${String(copy + 1)}`
  const inside = text.replaceAll(/^(\s*namespace:[ \t]*["']?)([a-z0-9][a-z0-9-]*)/gm, `$1$2${suffix}`)
  return /^kind:[ \t]*Namespace\b/m.test(inside)
    ? inside.replaceAll(/^( {2}name:[ \t]*["']?)([a-z0-9][a-z0-9-]*)/gm, `$1$2${suffix}`)
    : inside
}
