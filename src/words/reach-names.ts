// What the answers about many pairs are called: symbols that need no colour, and short names for groups.
import type { Matrix, Question } from '../core/policy/matrix.ts'
import { grouped } from '../core/source/grouped.ts'
import type { FoldedCell, Group } from './reach-fold.ts'

/** In the order in which a key lists them. */
export const SYMBOLS: Readonly<Record<FoldedCell, { readonly symbol: string; readonly means: string }>> = {
  allowed: { symbol: '✓', means: 'allowed' },
  'other-port': { symbol: '✗', means: 'denied, though another port is open' },
  denied: { symbol: '·', means: 'denied, and no other port is open' },
  partial: { symbol: '±', means: 'only a part of the addresses is allowed' },
  mixed: { symbol: '~', means: 'not the same for all of them' },
  unknown: { symbol: '?', means: 'not known: ambient-guard check says what cannot be seen or read' },
  'no-port': { symbol: '-', means: 'no port of that name' },
}

export const CELLS = Object.keys(SYMBOLS) as readonly FoldedCell[]

/** `15008/TCP`. */
export function portName({ port, protocol }: Question): string {
  return `${String(port)}/${protocol}`
}

/** `5 of 121 pairs are allowed`. */
export function tally({ rows }: Matrix): string {
  const all = rows.flat()
  const allowed = all.filter((cell) => cell === 'allowed').length
  return `${String(allowed)} of ${String(all.length)} ${all.length === 1 ? 'pair is' : 'pairs are'} allowed`
}

/** What there was no room for, and what to do about it. */
export function moreText(more: number, what: 'source' | 'destination'): string | null {
  if (more === 0) return null
  const option = what === 'source' ? '--from' : '--to'
  return `… ${String(more)} more ${what}${more === 1 ? '' : 's'}: narrow it with ${option} Namespace/name, or a workload.`
}

/**
 * `Deployment/shop/{api,web}, Job/shop/seed`, or `{pay,shop}/*` for whole namespaces, in at most `room` characters;
 * those without room are counted: `…, 9 more`.
 */
export function groupName({ places, namespaces }: Group, room: number): string {
  const units = namespaces
    ? [...new Set(places.map(({ namespace }) => namespace))].map((name) => ({
        before: '',
        name,
        after: '/*',
      }))
    : places.map(({ kind, namespace, name }) => ({
        before: kind === '' ? '' : `${kind}/${namespace}/`,
        name,
        after: '',
      }))
  const said = (count: number): string => {
    const left = units.length - count
    const names = [...grouped(units.slice(0, count), ({ before }) => before)].map(([before, same]) => {
      const after = same[0]?.after ?? ''
      const list = same.map(({ name }) => name).join(',')
      return same.length === 1 ? `${before}${list}${after}` : `${before}{${list}}${after}`
    })
    return [...names, ...(left === 0 ? [] : [`${String(left)} more`])].join(', ')
  }
  let [fits, tooMany] = [1, units.length + 1]
  while (tooMany - fits > 1) {
    const middle = Math.floor((fits + tooMany) / 2)
    if (said(middle).length <= room) fits = middle
    else tooMany = middle
  }
  const best = said(fits)
  if (best.length <= room) return best
  const rest = units.length === 1 ? '' : best.slice(best.lastIndexOf(', '))
  return `${shortened(best.slice(0, best.length - rest.length), room - rest.length)}${rest}`
}

/** Names of one team begin alike and end differently: what is left out is in the middle. */
function shortened(name: string, room: number): string {
  const kept = Math.max(2, room - 1)
  return `${name.slice(0, Math.floor(kept / 2))}…${name.slice(-Math.ceil(kept / 2))}`
}
