// The story of a comment or a button: a receipt, the deed, and a word only where the deed does not speak.
import type { Client } from '../github/api/client.ts'
import { ApiError, isRefusal } from '../github/api/client.ts'
import { createComment, getComment, hasSaid, listReactions, react } from '../github/api/conversation.ts'
import type { Reaction } from '../github/api/conversation.ts'
import { parseComment } from '../github/commands/parse.ts'
import type { Command } from '../github/commands/parse.ts'
import { COMMANDS } from '../github/commands/table.ts'
import type { ButtonPressed, CommandGiven } from '../github/events.ts'
import { escapeMarkdown } from '../words/github/escape.ts'
import { helpAnswer, mistakeAnswer } from '../words/github/answers.ts'
import type { Bench } from './bench.ts'
import { explainFinding } from './explain.ts'
import { fix } from './fix.ts'
import type { Job } from './job.ts'
import { patiently } from './patience.ts'
import { publicReason } from './reason.ts'
import { reviewJob } from './review.ts'
import { reviewOf } from './task.ts'

/** What is left of a command once it is over: a reaction, and perhaps an answer. */
interface End {
  readonly reaction: Reaction
  readonly answer: string | null
}

const FINAL: readonly string[] = ['rocket', 'confused', '-1'] satisfies Reaction[]

/**
 * Carries out the command of a comment. What it says and who wrote it is asked of GitHub: a task may have waited where
 * others can write.
 * @param isSwept found by a sweep, and not heard of
 */
export function commandJob(bench: Bench, event: CommandGiven, isSwept: boolean): Job {
  return {
    async run() {
      const client = await bench.client(event)
      const comment = await patiently(bench.clock, () => getComment(client, event.commentId))
      const parsed = comment?.number === event.number ? parseComment(comment.body) : null
      if (comment === null || parsed === null) return
      // Seen before: carried out, unless the process ended on the way.
      const receipt = await patiently(bench.clock, () => receive(client, event.commentId, 'eyes'))
      // Without a receipt nobody can tell what of it was done: a sweep would find it again and again.
      if (receipt === 'gone' || (receipt === 'locked' && isSwept)) return
      const known = receipt === 'known'
      if (
        known &&
        (await listReactions(client, event.commentId, await bench.botLogin())).some((one) =>
          FINAL.includes(one),
        )
      )
        return
      const { reaction, answer } = parsed.ok
        ? await carryOut(bench, client, { ...event, author: comment.author }, parsed.command, known)
        : { reaction: 'confused' as const, answer: mistakeAnswer(parsed.mistake) }
      const said = known && answer !== null && (await isSaid(bench, client, event, answer))
      if (answer !== null && !said) await say(bench, client, event.number, answer)
      await conclude(bench, client, event.commentId, reaction)
    },
    async failed(error) {
      const client = await bench.client(event)
      if (!(error instanceof RecheckFailed)) await say(bench, client, event.number, failure(error))
      await receive(client, event.commentId, 'confused')
    },
  }
}

/** Its check says so. */
class RecheckFailed extends Error {
  override readonly name = 'RecheckFailed'
}

/** @param known an earlier attempt may have got as far as the deed */
async function carryOut(
  bench: Bench,
  client: Client,
  event: CommandGiven,
  command: Command,
  known: boolean,
): Promise<End> {
  switch (command.name) {
    case 'ambient-help':
      return { reaction: 'rocket', answer: helpAnswer(COMMANDS) }
    case 'ambient-explain': {
      const { found, answer } = await explainFinding(bench, client, event, command.fingerprint)
      return { reaction: found ? 'rocket' : 'confused', answer }
    }
    case 'ambient-recheck': {
      const review = reviewJob(bench, event, 'recheck')
      try {
        await review.run()
        return { reaction: 'rocket', answer: null }
      } catch (error) {
        await review.failed(error)
        throw new RecheckFailed(`a recheck failed: ${error instanceof Error ? error.message : String(error)}`)
      }
    }
    case 'ambient-fix': {
      const outcome = await fix(bench, client, {
        subject: event,
        selection: command.selection,
        by: event.author,
        seen: null,
        begun: known ? event.at : null,
      })
      if (outcome.kind === 'done') return { reaction: 'rocket', answer: null }
      if (outcome.kind === 'denied') return { reaction: '-1', answer: null }
      if (outcome.again) await bench.enqueue(reviewOf(event, 'look'))
      return { reaction: 'confused', answer: outcome.answer }
    }
  }
}

/** The Fix button of a check run does what `/ambient-fix` does, on the head that the run is about. */
export function fixButtonJob(bench: Bench, event: ButtonPressed): Job {
  return {
    async run() {
      const client = await bench.client(event)
      const outcome = await fix(bench, client, {
        subject: event,
        selection: { by: 'all' },
        by: event.sender,
        seen: event.headSha,
        begun: null,
      })
      if (outcome.kind !== 'refused') return
      if (outcome.again) await bench.enqueue(reviewOf(event, 'look'))
      await say(bench, client, event.number, outcome.answer)
    },
    async failed(error) {
      await say(bench, await bench.client(event), event.number, failure(error))
    },
  }
}

/** Reacts to a comment. `gone`: whoever wrote it took it back. A locked conversation takes no receipts, only the deed. */
async function receive(
  client: Client,
  commentId: number,
  reaction: Reaction,
): Promise<'new' | 'known' | 'gone' | 'locked'> {
  try {
    return (await react(client, commentId, reaction)) ? 'new' : 'known'
  } catch (error) {
    if (isRefusal(error, 'not-found')) return 'gone'
    if (isRefusal(error, 'forbidden')) return 'locked'
    throw error
  }
}

/** Did an earlier attempt, which did not live to the receipt, say this? */
async function isSaid(bench: Bench, client: Client, event: CommandGiven, body: string): Promise<boolean> {
  return hasSaid(client, event.number, { login: await bench.botLogin(), body, since: event.at })
}

/** The deed is done, whether or not that can be shown: the next sweep finds it, and says nothing twice. */
async function conclude(bench: Bench, client: Client, commentId: number, reaction: Reaction): Promise<void> {
  try {
    await patiently(bench.clock, () => receive(client, commentId, reaction))
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    bench.log.warn({ commentId, reason: error.message }, 'a receipt was not taken')
  }
}

function failure(error: unknown): string {
  return `This did not work. ${escapeMarkdown(publicReason(error) ?? 'A bug in ambient-guard; its log has the details.')}`
}

/** Answers once, also where GitHub does not say that it took it. A locked conversation takes none; that is no failure. */
async function say(bench: Bench, client: Client, number: number, answer: string): Promise<void> {
  const since = new Date(bench.clock.now().getTime() - SKEW).toISOString()
  let unanswered = false
  try {
    await patiently(bench.clock, async () => {
      if (
        unanswered &&
        (await hasSaid(client, number, { login: await bench.botLogin(), body: answer, since }))
      )
        return
      try {
        await createComment(client, number, answer)
      } catch (error) {
        unanswered ||= isRefusal(error, 'unavailable')
        throw error
      }
    })
  } catch (error) {
    if (!isRefusal(error, 'forbidden')) throw error
    bench.log.warn({ number }, 'an answer was not taken')
  }
}

/** Milliseconds by which the clock of GitHub may differ from ours. */
const SKEW = 300_000
