// A review is taken whole or not at all, and GitHub does not say which line it did not like. Reviews that are not
// submitted are seen by nobody, so they are what is asked with until the lines that are to blame are found.
import { isRefusal } from './api/client.ts'
import type { Client } from './api/client.ts'
import type { Pull } from './api/pulls.ts'
import { createReview, deletePendingReview } from './api/reviews.ts'
import type { NewComment } from './api/reviews.ts'
import { readSpeech } from './api/speech.ts'
import type { PlacedComment } from './placing.ts'
import { saidIn } from './tidy.ts'

export interface Wording {
  readonly commentOf: (placed: PlacedComment) => NewComment
  /** The review's own text; what GitHub takes on no line is said there. */
  readonly bodyFor: (refused: readonly PlacedComment[]) => string
}

/** Unsubmitted reviews that are tried at most: two bad lines among twenty take about as many. */
const MAX_TRIALS = 16

/** Runs what may safely be done again, again, where what failed may pass; `patiently` of the jobs. */
export type Patience = <T>(work: () => Promise<T>) => Promise<T>

/** Posts one review for these comments. False when GitHub takes it in no form; the check has everything all the same. */
export async function postReview(
  client: Client,
  pull: Pull,
  botLogin: string,
  comments: readonly PlacedComment[],
  { commentOf, bodyFor }: Wording,
  patience: Patience,
): Promise<boolean> {
  const submit = async (taken: readonly PlacedComment[]): Promise<'posted' | 'bad line' | 'refused'> => {
    const refused = comments.filter((one) => !taken.includes(one))
    let unanswered = false
    // No answer does not mean no review.
    const landed = async (): Promise<boolean> =>
      unanswered && (await hasLanded(client, pull, botLogin, comments))
    try {
      return await patience(async () => {
        if (await landed()) return 'posted'
        try {
          await createReview(client, pull.number, {
            commit: pull.headSha,
            body: bodyFor(refused),
            comments: taken.map(commentOf),
            submit: true,
          })
          return 'posted'
        } catch (error) {
          unanswered ||= isRefusal(error, 'unavailable')
          if (isRefusal(error, 'unprocessable')) return taken.length > 0 ? 'bad line' : 'refused'
          throw error
        }
      })
    } catch (error) {
      if (!isRefusal(error, 'unavailable', 'forbidden', 'limited')) throw error
      return (await landed()) ? 'posted' : 'refused'
    }
  }
  const first = await submit(comments)
  if (first !== 'bad line') return first === 'posted'
  const taken = await takenOf(comments, trial(client, pull, commentOf))
  const second = await submit(taken)
  if (second !== 'bad line') return second === 'posted'
  return (await submit([])) === 'posted'
}

type Trial = (some: readonly PlacedComment[]) => Promise<boolean>

/** Would GitHub take these? Once too many were tried, it would not. */
function trial(client: Client, pull: Pull, commentOf: Wording['commentOf']): Trial {
  let tried = 0
  return async (some) => {
    tried += 1
    if (tried > MAX_TRIALS) return false
    try {
      const comments = some.map(commentOf)
      const id = await createReview(client, pull.number, {
        commit: pull.headSha,
        body: '',
        comments,
        submit: false,
      })
      await deletePendingReview(client, pull.number, id)
      return true
    } catch (error) {
      if (isRefusal(error, 'unprocessable')) return false
      throw error
    }
  }
}

/** Of comments that are not taken together, those that are: each half is asked for, then the halves of what is bad. */
async function takenOf(comments: readonly PlacedComment[], taken: Trial): Promise<readonly PlacedComment[]> {
  if (comments.length <= 1) return []
  const middle = Math.ceil(comments.length / 2)
  const good: PlacedComment[] = []
  for (const half of [comments.slice(0, middle), comments.slice(middle)])
    good.push(...((await taken(half)) ? half : await takenOf(half, taken)))
  return good
}

async function hasLanded(
  client: Client,
  pull: Pull,
  botLogin: string,
  comments: readonly PlacedComment[],
): Promise<boolean> {
  const said = saidIn(await readSpeech(client, pull.number), botLogin)
  return comments.some(({ findings }) => findings.some(({ fingerprint }) => said.has(fingerprint)))
}
