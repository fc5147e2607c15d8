// A comment becomes commands, or mistakes that say what was meant.
import { distance } from 'fastest-levenshtein'
import { RULE_SEVERITIES } from '../../core/config.ts'
import type { RuleId } from '../../core/config.ts'
import { plainLines } from './plain-lines.ts'
import { COMMANDS } from './table.ts'

/** What `/ambient-fix` is to mend. */
export type Selection =
  | { readonly by: 'all' }
  | { readonly by: 'rule'; readonly rule: RuleId }
  | { readonly by: 'fingerprint'; readonly fingerprint: string }
  | { readonly by: 'sha'; readonly sha: string }

export type Command =
  | { readonly name: 'ambient-fix'; readonly selection: Selection }
  | { readonly name: 'ambient-explain'; readonly fingerprint: string }
  | { readonly name: 'ambient-recheck' }
  | { readonly name: 'ambient-help' }

export interface Mistake {
  /** What was written, as it was written. */
  readonly given: string
  /** `name`: no such command. `argument`: not one it takes. `arguments`: too many. `missing`: it takes one. */
  readonly wrong: 'name' | 'argument' | 'arguments' | 'missing'
  /** What the command takes, as a sentence calls it; empty where it takes nothing, or is none. */
  readonly wants: string
  readonly didYouMean: string | null
}

export type Parsed =
  { readonly ok: true; readonly command: Command } | { readonly ok: false; readonly mistake: Mistake }

/** The first command of a comment, which stands alone on its line; null when there is none. */
export function parseComment(body: string): Parsed | null {
  for (const line of plainLines(body)) {
    const [, name, rest = ''] = /^ {0,3}\/(ambient-\S*)(.*)/s.exec(line) ?? []
    if (name !== undefined)
      return parseLine(
        name,
        rest.split(/\s+/).filter((word) => word !== ''),
      )
  }
  return null
}

function parseLine(name: string, words: readonly string[]): Parsed {
  const entry = COMMANDS.find((command) => command.name === name)
  if (entry === undefined) {
    const near = nearest(
      name,
      COMMANDS.map((command) => command.name),
    )
    return mistake(`/${name}`, 'name', '', near === null ? null : `/${near}`)
  }
  const { wants } = entry
  const [word] = words
  if (words.length > (entry.takes === '' ? 0 : 1))
    return mistake(`/${name} ${words.join(' ')}`, 'arguments', wants, null)
  switch (entry.name) {
    case 'ambient-fix': {
      const selection = parseSelection(word)
      if (selection !== null) return { ok: true, command: { name: entry.name, selection } }
      return mistake(word ?? '', 'argument', wants, nearest(word ?? '', Object.keys(RULE_SEVERITIES)))
    }
    case 'ambient-explain':
      if (word === undefined) return mistake(`/${name}`, 'missing', wants, null)
      return FINGERPRINT.test(word)
        ? { ok: true, command: { name: entry.name, fingerprint: word } }
        : mistake(word, 'argument', wants, null)
    case 'ambient-recheck':
    case 'ambient-help':
      return { ok: true, command: { name: entry.name } }
  }
}

const FINGERPRINT = /^f-[0-9a-f]{10}$/

function parseSelection(word: string | undefined): Selection | null {
  if (word === undefined) return { by: 'all' }
  const rule = (Object.keys(RULE_SEVERITIES) as RuleId[]).find((id) => id === word)
  if (rule !== undefined) return { by: 'rule', rule }
  if (FINGERPRINT.test(word)) return { by: 'fingerprint', fingerprint: word }
  if (/^[0-9a-f]{7,40}$/i.test(word)) return { by: 'sha', sha: word.toLowerCase() }
  return null
}

function mistake(given: string, wrong: Mistake['wrong'], wants: string, didYouMean: string | null): Parsed {
  return { ok: false, mistake: { given, wrong, wants, didYouMean } }
}

function nearest(word: string, candidates: readonly string[]): string | null {
  const best = candidates
    .map((candidate) => ({ candidate, far: distance(word, candidate) }))
    .sort((a, b) => a.far - b.far)[0]
  return best !== undefined && best.far <= Math.max(2, word.length / 3) ? best.candidate : null
}
