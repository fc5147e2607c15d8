// What is said of waivers: that one soon ends, that one has ended, that one holds for nothing.
import { list } from '../core/findings/words.ts'
import type { Waiver } from '../core/config.ts'
import type { Report, ReportFinding } from '../examine/report.ts'

/** How a face of ours writes what comes from a repository. */
export interface Quotes {
  /** A name, such as that of a rule or a workload. */
  readonly name: (text: string) => string
  /** Somebody's own words. */
  readonly words: (text: string) => string
}

/** One sentence for each waiver that soon ends. */
export function endingSentences({ waivers }: Report, quotes: Quotes): readonly string[] {
  return waivers.ending.map(({ waiver, days }) => {
    const when = days === 0 ? 'today' : days === 1 ? 'tomorrow' : `in ${String(days)} days`
    return `The waiver for ${subject(waiver, quotes)} ends ${waiver.expires}, ${when} (${quotes.words(waiver.owner)}).`
  })
}

/** So many waivers are named, and the others are counted. */
const MOST_NAMED = 6

/** One sentence or none. */
export function idleSentence({ waivers }: Report, quotes: Quotes): readonly string[] {
  const { idle } = waivers
  if (idle.length === 0) return []
  const many = idle.length === 1 ? '1 waiver matches' : `${String(idle.length)} waivers match`
  const named = idle.map((waiver) => subject(waiver, quotes))
  return [`${many} no finding: ${list(named, MOST_NAMED)}.`]
}

/** `Its waiver ended on 2027-01-31 (team-db: exec probes next sprint).`; nothing where none did. */
export function lapsedSentence({ lapsed }: ReportFinding, { words }: Quotes): readonly string[] {
  if (lapsed === null) return []
  return [`Its waiver ended on ${lapsed.expires} (${words(lapsed.owner)}: ${words(lapsed.reason)}).`]
}

function subject({ rule, workload }: Waiver, { name }: Quotes): string {
  return `${name(rule)} on ${name(workload)}`
}
