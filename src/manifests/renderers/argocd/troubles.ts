// What keeps an ApplicationSet from being evaluated, as problems: each thing once, however many Applications it is
// said of.
import type { Fault } from '../../../core/kubernetes/field.ts'
import type { Manifest } from '../../../core/kubernetes/manifest.ts'
import { placeOf } from '../../../core/kubernetes/origin.ts'
import type { Problem } from '../../../core/source/problem.ts'
import { hidesOf } from './object.ts'
import type { Trouble } from './world.ts'

/** `namespace`: the one that all Applications of the set fill; null where each may fill another. */
export function problemsOf(
  { origin }: Manifest,
  title: string,
  namespace: string | null,
  troubles: readonly Trouble[],
  faults: readonly Fault[],
): readonly Problem[] {
  const invalid = faults.map(({ route, message }): Trouble => {
    const why = `is not valid: ${message}`
    return { code: 'invalid-applicationset', route, why, under: null }
  })
  const problems = [...troubles, ...invalid].map(({ code, route, why, under }): Problem => {
    const isWrong = code === 'invalid-applicationset'
    return {
      ...placeOf(origin, route),
      code,
      class: isWrong ? 'unreadable' : 'unseen',
      message: `${title} ${why}.`,
      remedy: REMEDIES[code],
      hides: under === null ? hidesOf(namespace, origin.file.path) : { namespaces: [], under },
    }
  })
  return [...new Map(problems.map((problem) => [JSON.stringify(problem), problem])).values()]
}

const REMEDIES: Readonly<Record<Trouble['code'], string>> = {
  'generator-not-supported':
    'Describe what its Applications make under clusters.<name>.assume.manifests, or keep the Applications themselves in the tree.',
  'template-not-supported':
    'Describe what its Applications make under clusters.<name>.assume.manifests, or write it more plainly.',
  'remote-source':
    'Keep what it looks at in this repository, or describe what its Applications make under clusters.<name>.assume.manifests.',
  'symbolic-link': 'Keep the file itself at this path.',
  'too-many-applications': 'Split it, or leave it out with ignorePaths.',
  'invalid-applicationset': 'Correct it; the Applications that it concerns were not judged.',
  'revision-pinned': 'Follow a branch, or read the result as that of the next revision.',
}
