// Paths of git are bytes; ours are texts.

/**
 * A path as text. One that is no UTF-8 has U+FFFD and two hexadecimal digits for each byte that is not, so that no two
 * paths become one.
 */
export function pathText(bytes: Buffer): string {
  const text = bytes.toString('utf8')
  if (!text.includes(UNREADABLE)) return text
  const parts: string[] = []
  for (let at = 0; at < bytes.length;) {
    const length = [1, 2, 3, 4].find((count) => isOneCharacter(bytes.subarray(at, at + count)))
    parts.push(
      length === undefined
        ? `${UNREADABLE}${(bytes[at] ?? 0).toString(16).padStart(2, '0')}`
        : bytes.toString('utf8', at, at + length),
    )
    at += length ?? 1
  }
  return parts.join('')
}

/** The paths of a list that git ends with a NUL each, as `-z` asks for. */
export function nulTexts(bytes: Buffer): readonly string[] {
  const text = bytes.toString('utf8')
  if (!text.includes(UNREADABLE)) return text.split('\0').filter((one) => one !== '')
  const found: string[] = []
  for (let at = 0; at < bytes.length;) {
    const next = bytes.indexOf(0, at)
    const end = next === -1 ? bytes.length : next
    if (end > at) found.push(pathText(bytes.subarray(at, end)))
    at = end + 1
  }
  return found
}

/** Is something in a path of a tree no UTF-8? */
export function isUnreadable(path: string): boolean {
  return path.includes(UNREADABLE)
}

const UNREADABLE = '\ufffd'

function isOneCharacter(bytes: Buffer): boolean {
  const text = bytes.toString('utf8')
  return [...text].length === 1 && Buffer.from(text).equals(bytes)
}
