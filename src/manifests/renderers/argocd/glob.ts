// The three glob languages of Argo CD: gobwas/glob for the files of a directory, Go's path.Match for directories of a
// generator, and git's pathspecs for its files. Patterns come from pull requests, so they are run as automata whose
// cost is bounded, where a regular expression could take for ever.

export type GlobLanguage = 'directory-files' | 'go-path' | 'git-pathspec'

type Test = (char: string) => boolean

/** A state: where it goes for free, and on which character it goes where. */
interface State {
  readonly free: number[]
  readonly steps: { readonly test: Test; readonly to: number }[]
}

/** Longer patterns are nobody's; each character of a text costs as many steps as the pattern has. */
const MAX_PATTERN = 256

/**
 * Whether a whole text matches; null for a pattern that its language refuses.
 * `directory-files`: github.com/gobwas/glob without separators, as util/glob compiles it: `*` runs over slashes.
 * `go-path`: path.Match, where `*` and `?` stop at a slash. `git-pathspec`: wildmatch without WM_PATHNAME.
 */
export function compileGlob(pattern: string, language: GlobLanguage): ((text: string) => boolean) | null {
  if (pattern.length > MAX_PATTERN) return null
  const states: State[] = []
  const add = (): number => states.push({ free: [], steps: [] }) - 1
  const start = add()
  const end = parse([...pattern], language, states, add, start)
  if (end === null) return null
  const closures = states.map((_, state) => closure(states, state))
  const begin = literalStart(pattern)
  return (text) => text.startsWith(begin) && run(states, closures, start, end, text)
}

/** The characters that a text must begin with, whatever follows: most paths of a tree are told apart by them. */
export function literalStart(pattern: string): string {
  return /^[^*?[{\\]*/.exec(pattern)?.[0] ?? ''
}

function run(
  states: readonly State[],
  closures: readonly (readonly number[])[],
  start: number,
  end: number,
  text: string,
): boolean {
  let reached = closures[start] ?? []
  /** The turn in which a state was last reached. */
  const seen = new Int32Array(states.length)
  let turn = 0
  for (const char of text) {
    turn += 1
    const next: number[] = []
    for (const state of reached) {
      for (const { test, to } of states[state]?.steps ?? []) {
        if (!test(char)) continue
        for (const at of closures[to] ?? []) {
          if (seen[at] === turn) continue
          seen[at] = turn
          next.push(at)
        }
      }
    }
    if (next.length === 0) return false
    reached = next
  }
  return reached.includes(end)
}

/** Where a state leads for free, itself included. */
function closure(states: readonly State[], from: number): readonly number[] {
  const reached = new Set([from])
  for (const state of reached) for (const to of states[state]?.free ?? []) reached.add(to)
  return [...reached]
}

/** Builds the automaton and answers with its last state; null where the pattern is refused. */
function parse(
  pattern: readonly string[],
  language: GlobLanguage,
  states: State[],
  add: () => number,
  start: number,
): number | null {
  const any: Test = language === 'go-path' ? (char) => char !== '/' : () => true
  /** Open alternatives: where each begins, where all of them end. */
  const open: { readonly begin: number; readonly end: number }[] = []
  let here = start
  const step = (test: Test): void => {
    const to = add()
    states[here]?.steps.push({ test, to })
    here = to
  }
  for (let at = 0; at < pattern.length; at += 1) {
    const char = pattern[at] ?? ''
    if (char === '*') {
      // Two stars are one, in each of these languages.
      while (pattern[at + 1] === '*') at += 1
      const to = add()
      states[here]?.free.push(to)
      states[to]?.steps.push({ test: any, to })
      here = to
    } else if (char === '?') {
      step(any)
    } else if (char === '\\') {
      at += 1
      const literal = pattern[at]
      if (literal === undefined) return null
      step((candidate) => candidate === literal)
    } else if (char === '[') {
      const found = classAt(pattern, at + 1, language)
      if (found === null) return null
      step(found.test)
      at = found.last
    } else if (language === 'directory-files' && char === '{') {
      open.push({ begin: here, end: add() })
      here = branch(states, add, here)
    } else if (char === ',' && open.length > 0) {
      const group = open[open.length - 1]
      if (group === undefined) return null
      states[here]?.free.push(group.end)
      here = branch(states, add, group.begin)
    } else if (char === '}' && open.length > 0) {
      const group = open.pop()
      if (group === undefined) return null
      states[here]?.free.push(group.end)
      here = group.end
    } else {
      step((candidate) => candidate === char)
    }
  }
  return open.length === 0 ? here : null
}

function branch(states: State[], add: () => number, from: number): number {
  const to = add()
  states[from]?.free.push(to)
  return to
}

/** A class that begins after its `[`, and the index of its `]`; null where the language refuses it. */
function classAt(
  pattern: readonly string[],
  from: number,
  language: GlobLanguage,
): { readonly test: Test; readonly last: number } | null {
  const negations = { 'directory-files': '!', 'go-path': '^', 'git-pathspec': '!^' }[language]
  const first = pattern[from] ?? ''
  const isNegated = first !== '' && negations.includes(first)
  let at = isNegated ? from + 1 : from
  const ranges: (readonly [string, string])[] = []
  const begin = at
  // git takes a `]` that comes first for a member; the others refuse an empty class.
  while (at < pattern.length && (pattern[at] !== ']' || (language === 'git-pathspec' && at === begin))) {
    // `[[:alpha:]]` and its kind: rare enough to be refused rather than guessed.
    if (language === 'git-pathspec' && pattern[at] === '[' && pattern[at + 1] === ':') return null
    const low = member(pattern, at, language)
    if (low === null) return null
    const isRange =
      pattern[low.next] === '-' && (language !== 'git-pathspec' || pattern[low.next + 1] !== ']')
    const high = isRange ? member(pattern, low.next + 1, language) : low
    if (high === null || high.char < low.char) return null
    ranges.push([low.char, high.char])
    at = high.next
  }
  const isMixed = ranges.length > 1 && ranges.some(([low, high]) => low !== high)
  if (pattern[at] !== ']' || ranges.length === 0) return null
  // gobwas/glob knows one range, or single characters.
  if (language === 'directory-files' && isMixed) return null
  const has: Test = (char) => ranges.some(([low, high]) => low <= char && char <= high)
  return { test: (char) => has(char) !== isNegated, last: at }
}

function member(
  pattern: readonly string[],
  at: number,
  language: GlobLanguage,
): { readonly char: string; readonly next: number } | null {
  const char = pattern[at]
  if (char === undefined) return null
  if (char === '\\') {
    const escaped = pattern[at + 1]
    return escaped === undefined ? null : { char: escaped, next: at + 2 }
  }
  // path.Match wants these escaped (getEsc).
  if (language === 'go-path' && (char === '-' || char === ']')) return null
  if (language === 'directory-files' && char === ']') return null
  return { char, next: at + 1 }
}
