// Templates that ask the cluster. `lookup` finds nothing where helm only renders, so what is installed may differ from
// what is judged. Nearly every use of it keeps a password that was made before, and says nothing of who reaches whom;
// so it is told only of templates that make policies, namespaces and the like, or of which that cannot be told.
import { WORKLOAD_KINDS } from '../../../core/kubernetes/kinds/workload.ts'
import { JUDGED_KINDS } from '../../../core/kubernetes/state.ts'
import { lineAt } from '../../../core/source/text.ts'
import type { Problem } from '../../../core/source/problem.ts'
import type { HelmUnit } from '../../unit.ts'
import { textOf } from './chart.ts'
import type { Part, Parts } from './parts.ts'
import { placeAt } from './places.ts'
import { actionsOf, definesIn, includedBy } from './template.ts'
import type { Action } from './template.ts'

/** A problem for each template of a release that decides by what the cluster holds. */
export function lookups(unit: HelmUnit, parts: Parts): readonly Problem[] {
  const templates = templatesOf([parts.root])
  if (!templates.some(({ text }) => text.includes('lookup'))) return []
  const defines = definesIn(templates.map(({ text }) => text))
  return templates.flatMap(({ chain, path, text }): readonly Problem[] => {
    // Partials print nothing themselves (pkg/engine/engine.go).
    if (/(^|\/)_[^/]*$/.test(path) || path.endsWith('NOTES.txt')) return []
    const own = actionsOf(text)
    const included = includedBy(own, defines)
    if (![{ actions: own }, ...included].some(({ actions }) => actions.some(looksUp))) return []
    if (!mayMatter([text, ...included.map((define) => define.text)].join('\n'))) return []
    const line = lineAt(text, own.find(looksUp)?.start ?? 0)
    const place = placeAt({ chain, path }, line) ?? unit.at
    return [
      {
        ...place,
        code: 'chart-looks-up',
        class: 'unseen',
        message: `${place.path} asks the cluster with lookup, which finds nothing here: what release ${unit.release} installs may differ from what was judged.`,
        remedy: 'Decide by a value instead, or check the rendered output of the release.',
        hides: { namespaces: [unit.namespace], under: [place.path] },
      },
    ]
  })
}

function looksUp({ text }: Action): boolean {
  return /(?:^|[\s(])lookup\s/.test(text)
}

/** Kinds that decide who reaches whom; pods and Services are there with and without a password. */
const DECIDING: ReadonlySet<string> = new Set(
  JUDGED_KINDS.filter(
    (kind) => kind !== 'Service' && !WORKLOAD_KINDS.some((groupKind) => groupKind.endsWith(`/${kind}`)),
  ),
)

/** A kind that decides, one that an action prints, or none at all. */
function mayMatter(text: string): boolean {
  const kinds = [...text.matchAll(/^[ \t]*kind:[ \t]*["']?([^"'\s#]*)/gm)].map(([, kind = '']) => kind)
  return (
    kinds.length === 0 || kinds.some((kind) => DECIDING.has(kind) || kind === '' || kind.startsWith('{{'))
  )
}

interface Template {
  readonly chain: readonly Part[]
  readonly path: string
  readonly text: string
}

function templatesOf(chain: readonly Part[]): readonly Template[] {
  const part = chain.at(-1)
  if (part === undefined) return []
  const paths = [...part.files.keys()].filter((path) => path.startsWith('templates/')).sort()
  return [
    ...paths.flatMap((path): readonly Template[] => {
      const file = textOf(part.files, path)
      return file === null ? [] : [{ chain, path, text: file.text }]
    }),
    ...part.children.flatMap((child) => templatesOf([...chain, child])),
  ]
}
