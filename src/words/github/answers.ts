// What a command is answered with, where the commit or a reaction does not say it.
import type { FileChange } from '../../examine/report.ts'
import { clip, code, escapeMarkdown, fenced } from './escape.ts'
import { names } from './finding.ts'
import { assemble, folded, paragraph } from './fit.ts'

interface Entry {
  readonly name: string
  readonly takes: string
  readonly writes: boolean
  readonly help: string
}

/** The list of commands, made of their table. */
export function helpAnswer(commands: readonly Entry[]): string {
  const lines = commands.map(({ name, takes, writes, help }) => {
    const usage = code(`/${name}${takes === '' ? '' : ` ${takes}`}`)
    return `- ${usage} ${escapeMarkdown(help)}${writes ? ' (needs write permission)' : ''}`
  })
  return `A command stands alone on its line.\n\n${lines.join('\n')}`
}

/** Of what somebody wrote, this much is repeated. */
const MAX_GIVEN = 100

/** `given` comes from whoever wrote the comment. */
export function mistakeAnswer({
  given: all,
  wrong,
  wants,
  didYouMean,
}: {
  given: string
  wrong: 'name' | 'argument' | 'arguments' | 'missing'
  wants: string
  didYouMean: string | null
}): string {
  const given = clip(all, MAX_GIVEN)
  const what = {
    name: `There is no command ${code(given)}.`,
    argument: `${code(given)} is no ${wants}.`,
    arguments: `${code(given)} has more words than the command takes.`,
    missing: `${code(given)} wants a ${wants}; the check has one for each finding.`,
  }[wrong]
  const hint =
    didYouMean === null ? `${code('/ambient-help')} lists the commands.` : `Did you mean ${code(didYouMean)}?`
  return `${what} ${hint}`
}

export function headMovedAnswer(head: string): string {
  return `The head is ${code(head.slice(0, 12))} now, which was not judged when this was asked. It is being judged; then ask again.`
}

export function wrongCommitAnswer(asked: string, head: string): string {
  return `${code(asked)} is not the head, which is ${code(head.slice(0, 12))}. Nothing was committed.`
}

export function closedAnswer(): string {
  return 'This pull request is closed. Nothing was committed.'
}

export function conflictAnswer(baseRef: string): string {
  return `This pull request does not merge with ${code(baseRef)}. Solve the conflict first, then ask again.`
}

/** `asked`: a rule or fingerprint, or null for everything. */
export function nothingToFixAnswer(asked: string | null): string {
  return asked === null
    ? 'There is nothing to fix: no finding has a proved fix.'
    : `There is nothing to fix for ${code(asked)}: no such finding has a proved fix.`
}

export function workflowAnswer(paths: readonly string[]): string {
  return `The fix would change ${names(paths.map(code))}. Workflow files are not committed by this app.`
}

/** Files whose text on the head is not the one the fix was made for. */
export function behindAnswer(paths: readonly string[], baseRef: string): string {
  return `The fix changes ${names(paths.map(code))}, which this branch has in another form than ${code(baseRef)}. Update the branch from ${code(baseRef)}, then ask again.`
}

/** New files whose place something has on the head, and not once it is merged. */
export function takenAnswer(paths: readonly string[], baseRef: string): string {
  return `The fix creates ${names(paths.map(code))}, where this branch has something that ${code(baseRef)} has not. Update the branch from ${code(baseRef)}, then ask again.`
}

/** GitHub did not take the commit; `why` is what it said. The patch is for a person to apply. */
export function patchAnswer(why: string, files: readonly FileChange[]): string {
  const patch = files.map(({ diff }) => (diff.endsWith('\n') ? diff : `${diff}\n`)).join('')
  return assemble([
    paragraph(
      `${escapeMarkdown(why)}\n\nThe fix as a patch: save it as ${code('ambient.patch')} and run ${code('git apply ambient.patch')} in the branch.`,
    ),
    folded('Patch', [fenced('diff', patch)]),
  ])
}

/** `most`: how many commits of fixes a pull request takes. */
export function tooManyAnswer(most: number): string {
  return `This pull request has ${String(most)} commits of fixes already, and takes no more. Nothing was committed.`
}

export function forkAnswer(reason: 'gone' | 'organization' | 'not-allowed'): string {
  const why = {
    gone: 'The repository that this branch came from is gone.',
    organization: 'This branch belongs to a fork of an organization, where GitHub lets no app commit.',
    'not-allowed': 'This branch belongs to a fork that does not allow edits by maintainers.',
  }[reason]
  return `${why} Nothing was committed.`
}
