// What happens to pull requests: they open, their branches move, GitHub works out whether they merge.
import type { World } from './world.ts'
import type { Account, PullRecord, RepositoryRecord, ReviewCommentRecord, SuiteRecord } from './records.ts'
import { diffFiles, follow, place } from '../git/diff.ts'
import { checkSuiteEvent, pullEvent, pushEvent } from './events.ts'
import type { Event } from './events.ts'

const ZERO = '0'.repeat(40)

/** Recomputes everything that follows from head and base: diff, commits, `refs/pull/N/head`, comment lines. */
export async function synchronize(world: World, pull: PullRecord, headSha: string): Promise<void> {
  const { git } = pull.repo
  const baseSha = await tipOf(pull.repo, pull.baseRef)
  const mergeBase = (await git.mergeBase(baseSha, headSha)) ?? baseSha
  const [files, commits] = await Promise.all([
    diffFiles(git, mergeBase, headSha),
    git.commitsBetween(baseSha, headSha),
    git.setRef(`refs/pull/${String(pull.number)}/head`, headSha),
  ])
  // merge_commit_sha stays that of the former head until somebody asks: so does GitHub's.
  Object.assign(pull, { baseSha, headSha, mergeBase, files, commits, mergeable: null, merging: null })
  pull.updatedAt = world.iso()
  await Promise.all(pull.comments.map((comment) => settle(comment)))
}

/** Finds the line of a review comment in the present diff, or marks it outdated. */
export async function settle(comment: ReviewCommentRecord): Promise<void> {
  const { pull, originalLine, side } = comment
  const file = pull.files.find((one) => one.path === comment.path)
  if (comment.subject === 'file' || originalLine === null) return
  const first = comment.originalStartLine ?? originalLine
  const right = side === 'RIGHT'
  const moved =
    file === undefined
      ? null
      : await follow(
          pull.repo.git,
          right ? [comment.originalCommit, pull.headSha] : [comment.originalMergeBase, pull.mergeBase],
          right ? comment.path : (file.previousPath ?? comment.path),
          [comment.startSide === side || comment.startSide === null ? first : originalLine, originalLine],
        )
  const at = file === undefined || moved === null ? null : place(file, moved(originalLine), side)
  comment.position = at?.position ?? null
  comment.line = at === null || moved === null ? null : moved(originalLine)
  comment.startLine =
    at === null || moved === null || comment.originalStartLine === null
      ? null
      : moved(comment.originalStartLine)
}

/**
 * Moves a branch and everything that hangs on it. The events come back unsent: the one a story waits for
 * (`pull_request.synchronize`, else `push`) first.
 */
export async function moveBranch(
  world: World,
  repo: RepositoryRecord,
  branch: string,
  after: string,
  sender: Account,
): Promise<Event[]> {
  const before = await repo.git.commitOf(`refs/heads/${branch}`)
  const forced = before !== null && !(await repo.git.isAncestor(before, after))
  await repo.git.setRef(`refs/heads/${branch}`, after)
  const events: Event[] = []
  for (const pull of world.pulls()) {
    if (pull.headRepo !== repo || pull.headRef !== branch || pull.state !== 'open') continue
    await synchronize(world, pull, after)
    events.push(pullEvent(world, 'synchronize', pull, sender, { before, after }))
  }
  events.push(pushEvent(world, repo, { branch, before: before ?? ZERO, after, forced }, sender))
  events.push(await checkSuiteEvent(world, 'requested', suiteFor(world, repo, after, branch), sender))
  return events
}

/** The suite of the app on a commit; GitHub makes one for every push. */
export function suiteFor(
  world: World,
  repo: RepositoryRecord,
  headSha: string,
  headBranch: string | null,
): SuiteRecord {
  const known = repo.suites.find((suite) => suite.headSha === headSha)
  if (known !== undefined) return known
  const suite = { id: world.id(), repo, headSha, headBranch, createdAt: world.iso() }
  repo.suites.push(suite)
  return suite
}

export async function tipOf(repo: RepositoryRecord, branch: string): Promise<string> {
  const sha = await repo.git.commitOf(`refs/heads/${branch}`)
  if (sha === null) throw new Error(`${repo.owner.login}/${repo.name} has no branch ${branch}`)
  return sha
}

/**
 * What a GET of the pull request does besides answering: the first look at a new head finds nothing and
 * starts the test merge; a later one waits for it. A base that moves starts nothing.
 */
export async function look(world: World, pull: PullRecord): Promise<void> {
  if (pull.mergeable !== null || pull.state === 'closed') return
  if (pull.merging === null) pull.merging = world.hooks.track(testMerge(world, pull))
  else await pull.merging
}

async function testMerge(world: World, pull: PullRecord): Promise<void> {
  const { git } = pull.repo
  const { headSha, baseSha } = pull
  await new Promise((resolve) => setImmediate(resolve))
  const tree = await git.mergeTree(baseSha, headSha)
  let sha: string | null = null
  if (tree !== null) {
    const message = `Merge ${headSha} into ${baseSha}`
    const author = world.person(pull.author)
    sha = await git.commitTree({
      tree,
      parents: [baseSha, headSha],
      message,
      author,
      committer: world.webFlow(),
    })
  }
  if (pull.headSha !== headSha || pull.baseSha !== baseSha) return
  if (sha !== null) {
    await git.setRef(`refs/pull/${String(pull.number)}/merge`, sha)
    pull.mergeSha = sha
  }
  pull.mergeable = sha !== null
}
