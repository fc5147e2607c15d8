// What can be said of a document before it runs: every variable is declared and used, every fragment is on a type.
import type { Document, Selection, Value } from './parse.ts'

/** The types that a fragment may be on, as far as the stand-in hands them out. */
const TYPES = new Set([
  ...['Node', 'Actor', 'RepositoryOwner', 'GitObject', 'Minimizable'],
  ...['User', 'Bot', 'Organization', 'Mannequin', 'EnterpriseUserAccount'],
  ...['Commit', 'Tree', 'Blob', 'Tag'],
  ...[
    'PullRequest',
    'IssueComment',
    'PullRequestReview',
    'PullRequestReviewComment',
    'PullRequestReviewThread',
  ],
])

/** What GitHub refuses of a document before it runs, in its words. */
export function misused(document: Document): string[] {
  const used = new Set<string>()
  const types = new Set<string>()
  const value = (one: Value): void => {
    if (one.kind === 'variable') used.add(one.name)
    else if (one.kind === 'list') one.items.forEach(value)
    else if (one.kind === 'object') Object.values(one.fields).forEach(value)
  }
  const selection = (one: Selection): void => {
    if (one.kind === 'field') {
      Object.values(one.args).forEach(value)
      one.selection?.forEach(selection)
    } else if (one.kind === 'inline') {
      if (one.on !== null) types.add(one.on)
      one.selection.forEach(selection)
    }
  }
  document.selection.forEach(selection)
  for (const { on, selection: inside } of document.fragments.values()) {
    types.add(on)
    inside.forEach(selection)
  }
  const declared = new Set(document.variables.map(({ name }) => name))
  return [
    ...[...declared].filter((name) => !used.has(name)).map((name) => `Variable $${name} is not used`),
    ...[...used].filter((name) => !declared.has(name)).map((name) => `Variable $${name} is not declared`),
    ...[...types].filter((name) => !TYPES.has(name)).map((name) => `No such type ${name}`),
  ]
}
