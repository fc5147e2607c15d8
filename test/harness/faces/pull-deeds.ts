// What people do on a pull request. Each deed changes the world, then sends its webhook and waits for the answer.
import { anchor, filesAt } from '../model/anchors.ts'
import { checkSuiteEvent, issueCommentEvent, pullEvent, reviewCommentEvent } from '../model/events.ts'
import type { Event } from '../model/events.ts'
import { moveBranch, suiteFor, synchronize, tipOf } from '../model/pulls.ts'
import type { Account, IssueCommentRecord, PullRecord } from '../model/records.ts'
import { addCarrier, addIssueComment, addReviewComment, rootOf, spot } from '../model/speech.ts'
import type { World } from '../model/world.ts'
import type { By, Changes, CommentDelivery, Delivery, PullRequest } from '../types.ts'

type Deeds = Pick<
  PullRequest,
  | 'opened'
  | 'pushes'
  | 'forcePushes'
  | 'updatesFromBase'
  | 'reopened'
  | 'readyForReview'
  | 'convertedToDraft'
  | 'retargeted'
  | 'retitled'
  | 'closed'
  | 'comment'
  | 'editsComment'
  | 'commentsOn'
  | 'replies'
  | 'resolvesThread'
  | 'locks'
>

export function pullDeeds(world: World, pull: PullRecord): Deeds {
  const author = ({ by }: By): Account => (by === undefined ? pull.author : world.account(by))
  const maintainer = ({ by = 'maintainer' }: By): Account => world.account(by)
  const tell = (action: string, sender: Account, more = {}): Promise<Delivery> => {
    const { event, payload } = pullEvent(world, action, pull, sender, more)
    return world.hooks.deliver(event, payload)
  }
  const push = async (sender: Account, make: () => Promise<string>): Promise<Delivery> => {
    const move = async () => moveBranch(world, pull.headRepo, pull.headRef, await make(), sender)
    return deliverFirst(world, await world.exclusive(move))
  }
  const commit = (parent: string, changes: Changes, message: string, by: Account): Promise<string> =>
    pull.headRepo.git.commit({ parents: [parent], changes, message, author: world.person(by) })

  return {
    opened: async (options = {}) => {
      const delivery = await tell('opened', author(options))
      if (pull.headRepo === pull.repo) {
        const suite = suiteFor(world, pull.repo, pull.headSha, pull.headRef)
        world.hooks.later(
          'check_suite',
          async () => (await checkSuiteEvent(world, 'requested', suite, pull.author)).payload,
        )
      }
      return delivery
    },
    pushes: (changes, options = {}) => {
      const by = author(options)
      return push(by, () => commit(pull.headSha, changes, options.message ?? 'Change manifests', by))
    },
    forcePushes: (changes, options = {}) => {
      const by = author(options)
      const start = (): Promise<string> => tipOf(pull.repo, pull.baseRef)
      return push(by, async () => commit(await start(), changes, options.message ?? 'Start over', by))
    },
    updatesFromBase: (options = {}) =>
      push(author(options), async () => {
        const { git } = pull.repo
        const base = await tipOf(pull.repo, pull.baseRef)
        const tree = await git.mergeTree(pull.headSha, base)
        if (tree === null) throw new Error(`${pull.baseRef} does not merge into ${pull.headRef}`)
        const message = `Merge branch '${pull.baseRef}' into ${pull.headRef}`
        return git.commitTree({
          tree,
          parents: [pull.headSha, base],
          message,
          author: world.person(author(options)),
        })
      }),
    reopened: async (options = {}) => {
      Object.assign(pull, { state: 'open', closedAt: null, updatedAt: world.iso() })
      // The branch may have moved meanwhile; GitHub notices now.
      await world.exclusive(async () => synchronize(world, pull, await tipOf(pull.headRepo, pull.headRef)))
      return tell('reopened', author(options))
    },
    readyForReview: (options = {}) => {
      pull.draft = false
      return tell('ready_for_review', author(options))
    },
    convertedToDraft: (options = {}) => {
      pull.draft = true
      return tell('converted_to_draft', author(options))
    },
    retargeted: async (base, options = {}) => {
      const changes = { base: { ref: { from: pull.baseRef }, sha: { from: pull.baseSha } } }
      await world.exclusive(async () => {
        await tipOf(pull.repo, base)
        pull.baseRef = base
        await synchronize(world, pull, pull.headSha)
      })
      return tell('edited', author(options), { changes })
    },
    retitled: (title, options = {}) => {
      const changes = { title: { from: pull.title } }
      Object.assign(pull, { title, updatedAt: world.iso() })
      return tell('edited', author(options), { changes })
    },
    closed: async ({ merged = false, ...options } = {}) => {
      const at = world.iso()
      if (merged) await world.exclusive(() => merge(world, pull, maintainer(options)))
      Object.assign(pull, { state: 'closed', closedAt: at, mergedAt: merged ? at : null, updatedAt: at })
      return tell('closed', maintainer(options))
    },
    comment: (body, options = {}) => {
      const record = addIssueComment(world, pull, maintainer(options), body)
      return said(world, record, issueCommentEvent(world, 'created', record, record.user))
    },
    editsComment: (commentId, body, options = {}) => {
      const record = conversationOf(pull, commentId)
      const changes = { body: { from: record.body } }
      Object.assign(record, { body, edited: true, updatedAt: world.iso() })
      return said(world, record, issueCommentEvent(world, 'edited', record, maintainer(options), { changes }))
    },
    commentsOn: async (path, line, body, options = {}) => {
      const { files, mergeBase } = await filesAt(pull, pull.headSha)
      const at = spot(anchor(files, { path, line, side: 'RIGHT' }), pull.headSha, mergeBase)
      const review = addCarrier(world, pull, maintainer(options), pull.headSha)
      const record = await addReviewComment(world, review, at, body)
      return said(world, record, reviewCommentEvent(world, 'created', record, review.user))
    },
    replies: async (reviewCommentId, body, options = {}) => {
      const root = rootOf(commentOf(pull, reviewCommentId))
      const review = addCarrier(world, pull, maintainer(options), pull.headSha)
      const record = await addReviewComment(world, review, root, body, root)
      return said(world, record, reviewCommentEvent(world, 'created', record, review.user))
    },
    resolvesThread: (reviewCommentId, options = {}) => {
      rootOf(commentOf(pull, reviewCommentId)).resolvedBy = maintainer(options)
    },
    locks: () => {
      pull.locked = true
    },
  }
}

/** Sends all events, and waits for the answer to the first. */
export async function deliverFirst(world: World, events: readonly Event[]): Promise<Delivery> {
  const [first, ...rest] = events
  if (first === undefined) throw new Error('nothing happened')
  const delivery = await world.hooks.deliver(first.event, first.payload)
  for (const { event, payload } of rest) world.hooks.later(event, () => payload)
  return delivery
}

async function said(
  world: World,
  record: { readonly id: number },
  { event, payload }: Event,
): Promise<CommentDelivery> {
  return { ...(await world.hooks.deliver(event, payload)), commentId: record.id }
}

async function merge(world: World, pull: PullRecord, by: Account): Promise<void> {
  const { git } = pull.repo
  const base = await tipOf(pull.repo, pull.baseRef)
  const tree = await git.mergeTree(base, pull.headSha)
  if (tree === null) throw new Error(`pull request ${String(pull.number)} does not merge`)
  const message = `Merge pull request #${String(pull.number)} from ${pull.headRepo.owner.login}/${pull.headRef}\n\n${pull.title}`
  const parents = [base, pull.headSha]
  const author = world.person(by)
  pull.mergeSha = await git.commitTree({ tree, parents, message, author, committer: world.webFlow() })
  const events = await moveBranch(world, pull.repo, pull.baseRef, pull.mergeSha, by)
  for (const { event, payload } of events) world.hooks.later(event, () => payload)
}

function conversationOf(pull: PullRecord, id: number): IssueCommentRecord {
  const found = pull.conversation.find((comment) => comment.id === id)
  if (found === undefined) throw new Error(`no comment ${String(id)} on pull request ${String(pull.number)}`)
  return found
}

function commentOf(pull: PullRecord, id: number): PullRecord['comments'][number] {
  const found = pull.comments.find((comment) => comment.id === id && !comment.deleted)
  if (found === undefined)
    throw new Error(`no review comment ${String(id)} on pull request ${String(pull.number)}`)
  return found
}
