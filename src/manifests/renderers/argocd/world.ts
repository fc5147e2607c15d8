// What the generators of an ApplicationSet look at, and what they leave to be said.
import type { Labels } from '../../../core/kubernetes/labels.ts'
import type { Route } from '../../../core/yaml/types.ts'
import type { Kitchen } from '../../unit.ts'
import { goText } from './go-template.ts'
import type { Params, Syntax } from './template.ts'

export interface World {
  readonly syntax: Syntax
  readonly shelf: Pick<Kitchen, 'tree' | 'isThisTree'>
  /** Texts of the tree by path; null: not text. */
  readonly texts: ReadonlyMap<string, string | null>
  /** Paths whose text is asked for and not among `texts`. */
  readonly wanted: Set<string>
  readonly inputs: Set<string>
  readonly troubles: Trouble[]
  /** How much more may be looked at: generators inside a matrix look at the tree again and again. */
  budget: number
}

/** Why a generator gives nothing: `why` completes "ApplicationSet argocd/x …". */
export interface Trouble {
  readonly code:
    | 'generator-not-supported'
    | 'template-not-supported'
    | 'remote-source'
    | 'symbolic-link'
    | 'too-many-applications'
    | 'invalid-applicationset'
    | 'revision-pinned'
  readonly route: Route
  readonly why: string
  /** Only what is below these paths is in question; null: every Application of the set. */
  readonly under: readonly string[] | null
}

/** More than any ApplicationSet makes, and few enough to render. */
export const MAX_APPLICATIONS = 5000

/** Paths looked at, and characters of patterns run: enough for any honest matrix, and a matter of seconds. */
export const BUDGET = 5_000_000

/** Characters of text that cost as much as one of those. */
export const CHEAP = 16

/** Notes a trouble; nothing is known of what it is about. */
export function give(
  world: World,
  code: Trouble['code'],
  route: Route,
  why: string,
  under: readonly string[] | null = null,
): null {
  world.troubles.push({ code, route, why, under })
  return null
}

/** Takes from the budget; false where there is none left, which is told once. */
export function spend(world: World, amount: number, route: Route): boolean {
  const before = world.budget
  world.budget -= amount
  if (world.budget >= 0) return true
  if (before >= 0)
    give(world, 'too-many-applications', route, 'asks for more combinations than are looked at here')
  return false
}

/** github.com/jeremywohl/flatten with dots, and every value as fmt's %v writes it. */
export function flat(params: Params): Labels {
  const found: [string, string][] = []
  const walk = (value: unknown, name: string): void => {
    if (Array.isArray(value) || isMap(value)) {
      for (const [key, inner] of Object.entries(value)) walk(inner, name === '' ? key : `${name}.${key}`)
    } else {
      found.push([name, goText(value) ?? '<nil>'])
    }
  }
  walk(params, '')
  return Object.fromEntries(found)
}

export function isMap(value: unknown): value is Params {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
