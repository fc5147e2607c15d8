// What the problems of a release have in common: the words for what is not there, and what they keep from being judged.
import type { Problem } from '../../../core/source/problem.ts'
import type { HelmUnit } from '../../unit.ts'

/** Clauses about a path that is not what it should be. */
export const WHY = {
  file: 'which is no folder',
  folder: 'which is a folder',
  link: 'which is, or lies below, a symbolic link and is not followed',
  submodule: 'which is in a submodule, and not in this tree',
  missing: 'which is not there',
  outside: 'which is outside of this tree',
} as const

/** What a release that is not rendered, or only in part, keeps from being judged. */
export function hidden(unit: HelmUnit, ...folders: readonly string[]): Problem['hides'] {
  const own = unit.chart.kind === 'folder' ? [unit.chart.folder] : []
  return {
    namespaces: [unit.namespace],
    under: [...new Set([...own, ...folders, ...unit.valueFiles, unit.at.path])],
  }
}

/** A chart with its version, where one is given. */
export function named(name: string, version: string): string {
  return version === '' ? name : `${name} ${version}`
}

/** A title at the start of a sentence. */
export function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1)
}
