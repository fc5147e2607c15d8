// Check runs that say something else than a report.
import { code, escapeMarkdown, plainLine } from './escape.ts'
import { names } from './finding.ts'
import { assemble, folded, paragraph } from './fit.ts'

interface Output {
  readonly title: string
  readonly summary: string
  readonly text: null
}

export function underWay(headSha: string): Output {
  return { title: 'Looking', summary: `${code(headSha.slice(0, 12))} is being judged.`, text: null }
}

/** The head does not merge; `paths` conflict. */
export function conflict(baseRef: string, baseSha: string, paths: readonly string[]): Output {
  const at = `${code(baseRef)} at ${code(baseSha.slice(0, 12))}`
  return {
    title: `Does not merge with ${plainLine(baseRef)} at ${baseSha.slice(0, 12)}; not analysed`,
    summary: assemble([
      paragraph(`This does not merge with ${at}, so what it will be is not known. Not analysed.`),
      folded(
        'Conflicts',
        paths.map((path) => `- ${code(path)}`),
      ),
    ]),
    text: null,
  }
}

/** The head moved while it was looked at. */
export function superseded(head: string): Output {
  return {
    title: 'Superseded',
    summary: `The head is ${code(head.slice(0, 12))} now; its own check says more.`,
    text: null,
  }
}

/** Other pull requests with this head that do not pass. */
export function sharedHead(numbers: readonly number[]): Pick<Output, 'title' | 'summary'> {
  const who = names(numbers.map((number) => `#${String(number)}`))
  const one = numbers.length === 1
  const [title, has] = one
    ? [`${who} with this head does not pass`, `${who} has this head, too, and does not pass.`]
    : [`${who} with this head do not pass`, `${who} have this head, too, and do not pass.`]
  const then = one ? 'it does' : 'they do'
  return {
    title,
    summary: `${has} GitHub keeps one check for a commit, so this one does not pass either; recheck once ${then}.`,
  }
}

/** A failure of the app itself. `reason` is a sentence fit for the public, or null for a bug. */
export function ownFailure(
  reason: string | null,
  onError: 'failure' | 'neutral',
  hears: boolean = true,
): Output {
  const what = reason === null ? 'A bug in ambient-guard; its log has the details.' : escapeMarkdown(reason)
  const passes =
    onError === 'failure'
      ? 'Nothing was judged, so this does not pass.'
      : 'Nothing was judged; onError lets it pass.'
  const again = hears
    ? `Press Recheck, or comment ${code('/ambient-recheck')}, to try again.`
    : 'Run it again to try again.'
  const then = `${passes} ${again}`
  return { title: 'Could not be judged', summary: `${what}\n\n${then}`, text: null }
}
