// `review`: one review of a pull request or a merge group on GitHub, with the token of the environment.
import { randomUUID } from 'node:crypto'
import { appendFile, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { reviewOnce } from '../once.ts'
import type { Outcome, Question } from '../once.ts'
import { systemClock } from '../ops/clock.ts'
import { readTokenSettings } from '../ops/token-settings.ts'
import { printable, printableLines } from '../words/lines.ts'
import { readText } from './configuration.ts'
import type { Output } from './output.ts'
import { UsageError } from './usage-error.ts'
import { cacheDirectory, localWorkshop } from './workshop.ts'

export interface ReviewOptions {
  readonly repo?: string
  readonly pull?: string
}

/** Prints the summary as Markdown. Exit code: 1 where it concludes failure, else 0. @throws UsageError where nothing could be judged */
export async function review(options: ReviewOptions, output: Output): Promise<0 | 1> {
  const read = readTokenSettings(process.env)
  if (!read.ok) throw new UsageError(`${read.mistakes.join('; ')}.`)
  const repository = repositoryOf(options.repo ?? set('GITHUB_REPOSITORY'))
  const { question, headSha } = await askedFor(options.pull)
  const cache = cacheDirectory()
  const scratch = cache === null ? await mkdtemp(join(tmpdir(), 'ambient-guard-')) : null
  try {
    const { settings } = read
    const outcome = await reviewOnce({
      settings,
      repository,
      question,
      cacheDirectory: cache ?? scratch ?? '',
      workshop: localWorkshop,
      clock: systemClock,
    })
    const code = await tell(outcome, question, output)
    if (code === 0) isAbout(headSha, outcome)
    return code
  } finally {
    if (scratch !== null) await rm(scratch, { recursive: true, force: true })
  }
}

const REMEDIES = {
  token: 'Set GITHUB_TOKEN to one that is valid there.',
  missing: 'Name a pull request of a repository that the token may read: --repo OWNER/REPO --pull N.',
  permission: 'The token needs contents: read, pull-requests: write and checks: write.',
  network: 'Look at the network of this machine, and at GITHUB_API_URL; then run it again.',
  other: 'Run it again.',
} as const

async function tell(outcome: Outcome, question: Question, output: Output): Promise<0 | 1> {
  if (outcome.kind === 'failed') throw new UsageError(`${outcome.reason} ${REMEDIES[outcome.trouble]}`)
  if (outcome.kind === 'moving')
    throw new UsageError('The head kept moving, so nothing was judged. Run it again.')
  if (outcome.kind === 'closed') {
    const name = question.about === 'pull request' ? `Pull request ${String(question.number)}` : 'It'
    throw new UsageError(`${name} is closed, so nothing was judged. Reopen it, or name another.`)
  }
  const { title, summary, text } = outcome.output
  const markdown = `### ambient-guard: ${title}\n\n${summary}\n${text === null ? '' : `\n${text}\n`}`
  write(markdown, output)
  await summarize(markdown, output)
  if (outcome.unchecked !== null)
    output.say(
      `ambient-guard: no check run was written (${printable(outcome.unchecked)}), so the exit code is the gate.`,
    )
  return outcome.conclusion === 'failure' ? 1 : 0
}

/** Lines of a diff are a stranger's, and Actions takes some lines of its log for commands: not between these two. */
function write(markdown: string, output: Output): void {
  const lines = printableLines(markdown).join('\n')
  const word = set('GITHUB_ACTIONS') === 'true' ? randomUUID() : null
  output.write(word === null ? lines : `::stop-commands::${word}\n${lines}::${word}::\n`)
}

/** Summary and text are cut to whole items of 65,535 characters each, which is less than the 1 MiB that Actions takes. */
async function summarize(markdown: string, output: Output): Promise<void> {
  const file = set('GITHUB_STEP_SUMMARY')
  if (file === null) return
  try {
    await appendFile(file, markdown)
  } catch (error) {
    output.say(`ambient-guard: the summary of the step was not written: ${(error as Error).message}.`)
  }
}

function repositoryOf(name: string | null): { readonly owner: string; readonly name: string } {
  const [, owner, repository] = /^([\w-]+)\/(?!\.{1,2}$)([\w.-]+)$/.exec(name ?? '') ?? []
  if (owner !== undefined && repository !== undefined) return { owner, name: repository }
  throw new UsageError(
    name === null
      ? 'No repository is named. Write --repo OWNER/REPO, or set GITHUB_REPOSITORY.'
      : `--repo ${printable(name)} is not OWNER/REPO.`,
  )
}

const NAME_ONE = 'Name a pull request with --pull N, or the input pull of the action.'
const eventFile = z.object({
  pull_request: z
    .object({ number: z.int().positive(), head: z.object({ sha: z.string() }).optional() })
    .optional(),
  merge_group: z.object({ head_sha: z.string(), base_sha: z.string(), base_ref: z.string() }).optional(),
})

interface Asked {
  readonly question: Question
  /** The commit that the job of the workflow stands at; null where no event names one. */
  readonly headSha: string | null
}

/** A job stands at the commit of its event, and must not pass there for what another commit is. @throws UsageError */
function isAbout(headSha: string | null, outcome: Outcome): void {
  if (outcome.kind !== 'judged' || headSha === null || outcome.headSha === headSha) return
  const [own, other] = [headSha, outcome.headSha].map((sha) => printable(sha).slice(0, SHORT))
  throw new UsageError(
    `This job stands at ${own ?? ''}, and the head of the pull request is ${other ?? ''} by now, which was judged: of ${own ?? ''} nothing is known. Look at the run of ${other ?? ''}.`,
  )
}

/** Digits of a commit that people are shown. */
const SHORT = 12

/** What to look at: the number that is named, else what the event of the workflow is about. */
async function askedFor(pull: string | undefined): Promise<Asked> {
  if (pull !== undefined) {
    if (/^[1-9]\d{0,9}$/.test(pull))
      return { question: { about: 'pull request', number: Number(pull) }, headSha: null }
    throw new UsageError(`--pull ${printable(pull)} is no number of a pull request.`)
  }
  const file = set('GITHUB_EVENT_PATH')
  if (file === null) throw new UsageError(`No pull request is named. ${NAME_ONE}`)
  const event = eventFile.safeParse(parsed(await readText(file)))
  const { pull_request: request, merge_group: group } = event.data ?? {}
  if (request !== undefined)
    return {
      question: { about: 'pull request', number: request.number },
      headSha: request.head?.sha ?? null,
    }
  if (group === undefined)
    throw new UsageError(`The event in ${file} is about no pull request and no merge group. ${NAME_ONE}`)
  const { head_sha: headSha, base_sha: baseSha, base_ref: baseRef } = group
  return {
    question: { about: 'merge group', headSha, baseSha, baseRef: baseRef.replace(/^refs\/heads\//, '') },
    headSha,
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

function set(name: string): string | null {
  const value = process.env[name]?.trim() ?? ''
  return value === '' ? null : value
}
