// What `helm template` prints, as objects with the template that each comes from. Helm writes `---` and a line
// `# Source: <chart>/templates/<file>` in front of each document (pkg/action/action.go, renderResources).
import { readRendered, withoutSecrets } from '../rendered.ts'

export interface Printed {
  /** As helm names it, from the chart's name on; null where it says none. */
  readonly source: string | null
  readonly value: unknown
  /** Why it cannot be read; null for what can. */
  readonly error: string | null
}

/** The output without Secrets, fit to be kept, and again what `readPrinted` reads. */
export function keepable(stdout: string): string {
  return piecesOf(stdout)
    .map(({ source, text }) => {
      const kept = withoutSecrets(text)
      return kept === '' ? '' : `---\n${source === null ? '' : `# Source: ${source}\n`}${kept}`
    })
    .join('')
}

export function readPrinted(stdout: string): readonly Printed[] {
  return piecesOf(stdout).flatMap(({ source, text }) =>
    readRendered(text).map(({ value, error }) => ({ source, value, error })),
  )
}

interface Piece {
  readonly source: string | null
  readonly text: string
}

/** A file of custom resource definitions may begin with a `---` of its own, so documents alone do not tell. */
function piecesOf(stdout: string): readonly Piece[] {
  const marks = [...stdout.matchAll(/^---\n# Source: (.*)\n/gm)]
  const first = { source: null, text: stdout.slice(0, marks[0]?.index ?? stdout.length) }
  return [
    first,
    ...marks.map((mark, index): Piece => ({
      source: mark[1] ?? null,
      text: stdout.slice(mark.index + mark[0].length, marks[index + 1]?.index ?? stdout.length),
    })),
  ]
}
