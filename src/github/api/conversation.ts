// The conversation of a pull request: answers, reactions, and who may ask for what.
import { ONCE, ask, isRefusal, where } from './client.ts'
import type { Client } from './client.ts'

export type Reaction = 'eyes' | 'rocket' | 'confused' | '-1'

/** Answers in the conversation. */
export async function createComment(client: Client, number: number, body: string): Promise<void> {
  await ask(`take a comment on pull request ${String(number)}`, () =>
    client.octokit.rest.issues.createComment({ ...where(client), ...ONCE, issue_number: number, body }),
  )
}

/** A comment in the conversation of a pull request, as it stands now. */
export interface Comment {
  /** Of the pull request. */
  readonly number: number
  readonly body: string
  readonly author: { readonly id: number; readonly login: string }
}

/** The comment of that id; null where it is gone, or its author is. */
export async function getComment(client: Client, commentId: number): Promise<Comment | null> {
  try {
    const { data } = await ask(`show comment ${String(commentId)}`, () =>
      client.octokit.rest.issues.getComment({ ...where(client), comment_id: commentId }),
    )
    const { user, body = '', issue_url: url } = data
    if (user === null) return null
    return { number: Number(/\d+$/.exec(url)?.[0]), body, author: { id: user.id, login: user.login } }
  } catch (error) {
    if (isRefusal(error, 'not-found')) return null
    throw error
  }
}

/** Has this login answered so since then? `since` is ISO 8601. */
export async function hasSaid(
  client: Client,
  number: number,
  { login, body, since }: { readonly login: string; readonly body: string; readonly since: string },
): Promise<boolean> {
  const data = await ask(`list the comments of pull request ${String(number)}`, () =>
    client.octokit.paginate(client.octokit.rest.issues.listComments, {
      ...where(client),
      issue_number: number,
      since,
      per_page: 100,
    }),
  )
  return data.some((comment) => comment.user?.login === login && comment.body?.trim() === body.trim())
}

/** Reacts to a comment. False when we had done so before. */
export async function react(client: Client, commentId: number, content: Reaction): Promise<boolean> {
  const { status } = await ask(`take a reaction to comment ${String(commentId)}`, () =>
    client.octokit.rest.reactions.createForIssueComment({ ...where(client), comment_id: commentId, content }),
  )
  // 200 where it was there already; the types know 201 alone.
  return (status as number) === 201
}

/** Which reactions of this login a comment has. */
export async function listReactions(
  client: Client,
  commentId: number,
  login: string,
): Promise<readonly string[]> {
  const data = await ask(`list the reactions to comment ${String(commentId)}`, () =>
    client.octokit.paginate(client.octokit.rest.reactions.listForIssueComment, {
      ...where(client),
      comment_id: commentId,
      per_page: 100,
    }),
  )
  return data.filter(({ user }) => user?.login === login).map(({ content }) => content)
}

/** May this person write to the repository? On a public one everybody may read. */
export async function mayWrite(client: Client, login: string): Promise<boolean> {
  try {
    const { data } = await ask(`tell the permission of ${login}`, () =>
      client.octokit.rest.repos.getCollaboratorPermissionLevel({ ...where(client), username: login }),
    )
    return data.permission === 'admin' || data.permission === 'write'
  } catch (error) {
    if (isRefusal(error, 'not-found')) return false
    throw error
  }
}
