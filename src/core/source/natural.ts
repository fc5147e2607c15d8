// The order in which people look for names: `api-2` before `api-10`.
import { compareText } from './problem.ts'

/**
 * Orders names by their numbers as numbers and by everything else as text, on every machine alike. Two names that
 * differ in leading zeros alone are ordered as texts.
 */
export function compareNaturally(a: string, b: string): number {
  const [left, right] = [partsOf(a), partsOf(b)]
  for (const [index, part] of left.entries()) {
    const other = right[index]
    if (other === undefined) return 1
    const order = isNumber(part) && isNumber(other) ? byNumber(part, other) : compareText(part, other)
    if (order !== 0) return order
  }
  return left.length - right.length || compareText(a, b)
}

function partsOf(text: string): readonly string[] {
  return text.match(/\d+|\D+/g) ?? []
}

function isNumber(part: string): boolean {
  return /^\d/.test(part)
}

/** Of any length, so not as numbers of this language. */
function byNumber(a: string, b: string): number {
  const [left, right] = [a.replace(/^0+/, ''), b.replace(/^0+/, '')]
  return left.length - right.length || compareText(left, right)
}
