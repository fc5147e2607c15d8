// Global node ids: a prefix for the type and our number.
import type { TokenRecord } from '../server/tokens.ts'
import { reaches } from '../server/tokens.ts'
import type { World } from '../model/world.ts'
import type { IssueCommentRecord, PullRecord, ReviewCommentRecord, ReviewRecord } from '../model/records.ts'
import { FieldError } from './execute.ts'
import type { Type } from './execute.ts'
import { comment, pullRequest, review, reviewComment, thread } from './types.ts'
import type { Viewer } from './viewer.ts'

export type Node =
  | { readonly kind: 'PR'; readonly pull: PullRecord; readonly record: PullRecord }
  | { readonly kind: 'PRRT'; readonly pull: PullRecord; readonly record: ReviewCommentRecord }
  | { readonly kind: 'PRRC'; readonly pull: PullRecord; readonly record: ReviewCommentRecord }
  | { readonly kind: 'PRR'; readonly pull: PullRecord; readonly record: ReviewRecord }
  | { readonly kind: 'IC'; readonly pull: PullRecord; readonly record: IssueCommentRecord }

/** The thing an id stands for, if the token reaches its repository. */
export function findNode(world: World, token: TokenRecord, id: string): Node {
  const [kind = '', number = ''] = id.split('_')
  for (const pull of world.pulls()) {
    const node = within(pull, kind, Number(number))
    if (node !== null && reaches(world, token, pull.repo)) return node
  }
  throw new FieldError('NOT_FOUND', `Could not resolve to a node with the global id of '${id}'`)
}

export function nodeType(viewer: Viewer, node: Node): Type {
  switch (node.kind) {
    case 'PR':
      return pullRequest(viewer, node.record)
    case 'PRRT':
      return thread(viewer, node.record)
    case 'PRRC':
      return reviewComment(viewer, node.record)
    case 'PRR':
      return review(viewer, node.record)
    case 'IC':
      return comment(viewer, node.record)
  }
}

function within(pull: PullRecord, kind: string, id: number): Node | null {
  const same = (one: { readonly id: number }): boolean => one.id === id
  if (kind === 'PR') return same(pull) ? { kind, pull, record: pull } : null
  if (kind === 'PRRT' || kind === 'PRRC') {
    const record = pull.comments.find((one) => same(one) && !one.deleted)
    if (record === undefined || (kind === 'PRRT' && record.replyTo !== null)) return null
    return { kind, pull, record }
  }
  if (kind === 'PRR') {
    const record = pull.reviews.find(same)
    return record === undefined ? null : { kind, pull, record }
  }
  const record = kind === 'IC' ? pull.conversation.find(same) : undefined
  return record === undefined ? null : { kind: 'IC', pull, record }
}
