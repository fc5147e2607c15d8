// Globs as gitignore and Flux's sources write them. Patterns and paths both come from a pull request, so this matches
// in bounded time where a regular expression could be made to search for ever.

/** `*`, `?` and `[…]` stay within a part of the path; a part `**` is any number of parts. Both are whole paths. */
export function globMatches(pattern: string, path: string): boolean {
  const parts = path.split('/')
  // Which numbers of leading parts the pattern so far can have eaten.
  let reached = new Set([0])
  for (const piece of pattern.split('/')) {
    const next = new Set<number>()
    if (piece === '**') for (let end = Math.min(...reached); end <= parts.length; end += 1) next.add(end)
    else
      for (const at of reached) if (at < parts.length && partMatches(piece, parts[at] ?? '')) next.add(at + 1)
    reached = next
  }
  return reached.has(parts.length)
}

export function hasWildcard(pattern: string): boolean {
  return /[*?[\]]/.test(pattern)
}

type Token = '*' | ((char: string) => boolean)

/** The last star takes one character more whenever what follows it fails; an earlier star never needs to. */
function partMatches(pattern: string, text: string): boolean {
  const tokens = tokensOf(pattern)
  let [token, char, star, resume] = [0, 0, -1, 0]
  while (char < text.length) {
    const wanted = tokens[token]
    if (wanted === '*') {
      star = token
      resume = char
      token += 1
    } else if (wanted?.(text.charAt(char)) === true) {
      token += 1
      char += 1
    } else if (star >= 0) {
      token = star + 1
      resume += 1
      char = resume
    } else {
      return false
    }
  }
  return tokens.slice(token).every((rest) => rest === '*')
}

function tokensOf(pattern: string): readonly Token[] {
  const tokens: Token[] = []
  for (let at = 0; at < pattern.length; at += 1) {
    const char = pattern.charAt(at)
    const close = char === '[' ? pattern.indexOf(']', at + 2) : -1
    if (char === '*') {
      tokens.push('*')
    } else if (char === '?') {
      tokens.push(() => true)
    } else if (close > 0) {
      tokens.push(classOf(pattern.slice(at + 1, close)))
      at = close
    } else {
      const literal = char === '\\' && at + 1 < pattern.length ? pattern.charAt((at += 1)) : char
      tokens.push((candidate) => candidate === literal)
    }
  }
  return tokens
}

function classOf(body: string): (char: string) => boolean {
  const negated = body.startsWith('!') || body.startsWith('^')
  const members = negated ? body.slice(1) : body
  return (char) => {
    let found = false
    for (let at = 0; at < members.length; at += 1) {
      const isRange = members.charAt(at + 1) === '-' && at + 2 < members.length
      const last = isRange ? members.charAt(at + 2) : members.charAt(at)
      if (members.charAt(at) <= char && char <= last) found = true
      if (isRange) at += 2
    }
    return found !== negated
  }
}
