// GitHub refuses texts above a length. Whole items are left out, never parts of them, and the text says how many.

/** Characters of a check's summary or text and of a comment; below the 65,535 that GitHub takes. */
export const MAX_LENGTH = 65_000

/** Items under one opening; a section without items is not shown at all. */
export interface Section {
  readonly open: string
  readonly items: readonly string[]
  /** What ends the section, such as `</details>`. */
  readonly close: string
  readonly separator: string
}

/** A section that is shown whole or not at all. */
export function paragraph(text: string): Section {
  return { open: '', items: text === '' ? [] : [text], close: '', separator: '\n' }
}

/** A heading over a list. */
export function listed(heading: string, items: readonly string[]): Section {
  return { open: `#### ${heading}\n\n`, items, close: '', separator: '\n' }
}

/** A list behind a fold. `summary` is our own words: Markdown does not work there, HTML does. */
export function folded(summary: string, items: readonly string[], separator = '\n'): Section {
  return { open: `<details><summary>${summary}</summary>\n\n`, items, close: '\n\n</details>', separator }
}

/** For the note on what was left out. */
export const RESERVE = 100

/** Sections in order of importance, as many items of each as there is room for. */
export function assemble(sections: readonly Section[], most: number = MAX_LENGTH): string {
  let text = ''
  for (const { open, items, close, separator } of sections) {
    if (items.length === 0) continue
    const start = text === '' ? open : `${text}\n\n${open}`
    const kept: string[] = []
    let room = most - start.length - close.length - RESERVE
    for (const item of items) {
      if (item.length + separator.length > room) break
      kept.push(item)
      room -= item.length + separator.length
    }
    const left = items.length - kept.length
    if (kept.length === 0 && room + RESERVE < 2 * RESERVE) continue
    const note =
      left === 0
        ? ''
        : `${kept.length === 0 ? '' : '\n\n'}${String(left)} more left out: there is no room for them here.`
    text = `${start}${kept.join(separator)}${note}${close}`
  }
  return text
}
