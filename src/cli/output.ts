// Where words go: data to standard output, everything else to standard error.

export interface Output {
  /** Data. */
  readonly write: (text: string) => void
  /** A line for the person at the keyboard. */
  readonly say: (line: string) => void
  /** Is standard output a terminal? */
  readonly terminal: boolean
}

/** Colour only where a person looks, and never where NO_COLOR asks for none (no-color.org). */
export function useColor(color: 'auto' | 'never', { terminal }: Output): boolean {
  return color === 'auto' && terminal && (process.env.NO_COLOR ?? '') === ''
}
