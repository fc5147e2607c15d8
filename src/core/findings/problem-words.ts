// Problems by their words: what is the same on both sides of a change, wherever its file stands now.
import { onceEach } from '../source/once-each.ts'
import type { Problem } from '../source/problem.ts'

/** A line that a message names moves with whatever stands above it. */
export const wordsOf = onceEach(({ path, code, message }: Problem): string =>
  JSON.stringify([path, code, message.replaceAll(/(\.\w+):\d+/g, '$1')]),
)

/** The same, as it would be said of its file at another path. */
export function wordsAt(problem: Problem, path: string): string {
  const words = problem.message.split(/([\s:,;()"'`]+)/)
  const renamed = words.map((word) =>
    word === problem.path
      ? path
      : word.includes('/') && word === folderOf(problem.path)
        ? folderOf(path)
        : word,
  )
  return wordsOf({ ...problem, path, message: renamed.join('') })
}

/** Of what only stands elsewhere now, its file says nothing, and neither does its folder: it is asked for in the same words. */
export function withoutPlace(problem: Problem): Problem {
  const { under = [], ...hides } = problem.hides
  return {
    ...problem,
    wherever: true,
    hides: {
      ...hides,
      under: under.filter((path) => path !== problem.path && path !== folderOf(problem.path)),
    },
  }
}

function folderOf(file: string): string {
  return file.slice(0, Math.max(0, file.lastIndexOf('/')))
}
