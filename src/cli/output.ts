// Where words come from and go: data through standard input and output, everything else to standard error.
import { MOST_WIDTH, wrap } from '../words/lines.ts'

export interface Output {
  /** Standard input. */
  readonly input: AsyncIterable<Uint8Array | string>
  /** Data. */
  readonly write: (text: string) => void
  /** Waits until what was written has gone on; false where nobody reads it any more. */
  readonly flushed: () => Promise<boolean>
  /** A line for the person at the keyboard. */
  readonly say: (line: string) => void
  /** Is standard output a terminal? */
  readonly terminal: boolean
  /** Characters in a line of it. */
  readonly width: number
}

/** Colour only where a person looks, and never where NO_COLOR asks for none (no-color.org). */
export function useColor(color: 'auto' | 'never', { terminal }: Output): boolean {
  return color === 'auto' && terminal && (process.env.NO_COLOR ?? '') === ''
}

/** What COLUMNS says, else how wide the terminal is, else 80; characters. */
export function lineWidth(wanted: string | undefined, terminal: number | undefined): number {
  const asked = /^\d+$/.test(wanted ?? '') ? Number(wanted) : 0
  return asked > 0 ? asked : (terminal ?? 80)
}

/** A text for a terminal of that width: what does not fit into a line goes on in the next, further in. */
export function broken(text: string, width: number): string {
  const most = Math.min(width, MOST_WIDTH)
  return text
    .split('\n')
    .flatMap((line) => (line.length > most ? wrap(line, most, '  ') : line))
    .join('\n')
}
