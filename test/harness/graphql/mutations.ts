// Mutations: hiding comments, resolving threads, commits.
import { allows } from '../server/tokens.ts'
import { createCommitOnBranch } from './commit-on-branch.ts'
import { FieldError } from './execute.ts'
import type { Args, Type } from './execute.ts'
import { field, seenAs } from './fields.ts'
import type { Interface, Takes } from './fields.ts'
import { findNode, nodeType } from './nodes.ts'
import type { Node } from './nodes.ts'
import { thread } from './types.ts'
import type { Viewer } from './viewer.ts'

/** Its keys are checked where they are read. */
const INPUT: Takes = { input: { required: 'Any' } }
const MINIMIZABLE: Interface = {
  name: 'Minimizable',
  fields: ['isMinimized', 'minimizedReason', 'viewerCanMinimize'],
}
const CLASSIFIERS = ['ABUSE', 'DUPLICATE', 'LOW_QUALITY', 'OFF_TOPIC', 'OUTDATED', 'RESOLVED', 'SPAM']

export function mutations(viewer: Viewer): Record<string, unknown> {
  const { world, token } = viewer
  return {
    createCommitOnBranch: field(INPUT, (args) =>
      createCommitOnBranch(
        world,
        token,
        input(args, 'branch', 'message', 'expectedHeadOid', 'fileChanges', 'clientMutationId'),
      ),
    ),
    minimizeComment: field(INPUT, (args) => {
      const { subjectId, classifier } = input(args, 'subjectId', 'classifier', 'clientMutationId')
      if (!CLASSIFIERS.includes(String(classifier))) {
        throw new FieldError('INVALID', `${String(classifier)} is not one of ${CLASSIFIERS.join(', ')}`)
      }
      return minimize(viewer, String(subjectId), String(classifier))
    }),
    unminimizeComment: field(INPUT, (args) => {
      const { subjectId } = input(args, 'subjectId', 'clientMutationId')
      return minimize(viewer, String(subjectId), null)
    }),
    resolveReviewThread: field(INPUT, (args) => resolve(viewer, args, true)),
    unresolveReviewThread: field(INPUT, (args) => resolve(viewer, args, false)),
  }
}

/** The permission is not documented; either of these is taken, since the app needs both anyway. */
function minimize(viewer: Viewer, id: string, classifier: string | null): Type {
  const { world, token } = viewer
  const node: Node = findNode(world, token, id)
  const allowed =
    allows(token.permissions, 'pull_requests', 'write') || allows(token.permissions, 'issues', 'write')
  if (!allowed) throw new FieldError('FORBIDDEN', 'Resource not accessible by integration')
  if (node.kind === 'PR' || node.kind === 'PRRT') {
    throw new FieldError('NOT_FOUND', `Could not resolve to Minimizable node with the global id of '${id}'`)
  }
  node.record.minimized = classifier
  const name = classifier === null ? 'UnminimizeCommentPayload' : 'MinimizeCommentPayload'
  const subject = classifier === null ? 'unminimizedComment' : 'minimizedComment'
  return {
    __typename: name,
    clientMutationId: null,
    [subject]: () => seenAs(MINIMIZABLE, nodeType(viewer, node)),
  }
}

/** An app needs contents: write for this, pull_requests: write does not do (github/gh-aw#35726). */
function resolve(viewer: Viewer, args: Args, resolved: boolean): Type {
  const { world, token } = viewer
  const { threadId } = input(args, 'threadId', 'clientMutationId')
  const node = findNode(world, token, String(threadId))
  if (
    !allows(token.permissions, 'contents', 'write') ||
    !allows(token.permissions, 'pull_requests', 'write')
  ) {
    throw new FieldError('FORBIDDEN', 'Resource not accessible by integration')
  }
  if (node.kind !== 'PRRT') {
    throw new FieldError(
      'NOT_FOUND',
      `Could not resolve to PullRequestReviewThread node with the global id of '${String(threadId)}'`,
    )
  }
  node.record.resolvedBy = resolved ? world.bot : null
  const name = resolved ? 'ResolveReviewThreadPayload' : 'UnresolveReviewThreadPayload'
  return { __typename: name, clientMutationId: null, thread: () => thread(viewer, node.record) }
}

/** The `input` of a mutation; keys the schema does not have are refused, as on GitHub. */
function input(args: Args, ...known: readonly string[]): Readonly<Record<string, unknown>> {
  const given = args['input']
  if (typeof given !== 'object' || given === null)
    throw new FieldError('INVALID', "Argument 'input' is required")
  for (const key of Object.keys(given)) {
    if (!known.includes(key)) throw new FieldError('INVALID', `InputObject doesn't accept argument '${key}'`)
  }
  return given as Record<string, unknown>
}
