// Templates that ask the cluster. `lookup` finds nothing where helm only renders, and of the APIs of a cluster helm knows
// those of Kubernetes alone; so what is installed may differ from what is judged. Nearly every such question is about a
// password that was made before, or a monitor, and says nothing of who reaches whom; so it is told only of templates that
// make policies, namespaces and the like, or of which that cannot be told.
import { WORKLOAD_KINDS } from '../../../core/kubernetes/kinds/workload.ts'
import { mayBeOfCluster } from '../../../core/kubernetes/scope.ts'
import { JUDGED_KINDS } from '../../../core/kubernetes/state.ts'
import { lineAt } from '../../../core/source/text.ts'
import type { Problem } from '../../../core/source/problem.ts'
import type { HelmUnit } from '../../unit.ts'
import { isOfKubernetes } from './apis.ts'
import { textOf } from './chart.ts'
import type { Part, Parts } from './parts.ts'
import { placeAt } from './places.ts'
import { actionsOf, definesIn, includedBy } from './template.ts'
import type { Action } from './template.ts'

/** What a template asks of the cluster, and what to say about it. */
interface Question {
  readonly code: string
  /** Every text that asks holds this. */
  readonly word: string
  readonly asks: (action: Action, unit: HelmUnit) => boolean
  readonly words: string
  readonly remedy: string
}

const QUESTIONS: readonly Question[] = [
  {
    code: 'chart-looks-up',
    word: 'lookup',
    asks: ({ text }) => /(?:^|[\s(])lookup\s/.test(text),
    words: 'asks the cluster with lookup, which finds nothing here',
    remedy: 'Decide by a value instead, or check the rendered output of the release.',
  },
  {
    code: 'chart-asks-for-apis',
    word: 'APIVersions',
    asks: ({ text }, { apiVersions }) => asksForUnknown(text, apiVersions),
    words: 'asks with .Capabilities.APIVersions for an API that a cluster may or may not have',
    remedy:
      'Decide by a value instead, or list the API where the release is described (apiVersions of Argo CD).',
  },
]

/** A problem for each template of a release that decides by what the cluster holds. */
export function asksCluster(unit: HelmUnit, parts: Parts): readonly Problem[] {
  const templates = templatesOf([parts.root])
  const questions = QUESTIONS.filter(({ word }) => templates.some(({ text }) => text.includes(word)))
  if (questions.length === 0) return []
  const defines = definesIn(templates.map(({ text }) => text))
  return templates.flatMap(({ chain, path, text }): readonly Problem[] => {
    // Partials print nothing themselves (pkg/engine/engine.go).
    if (/(^|\/)_[^/]*$/.test(path) || path.endsWith('NOTES.txt')) return []
    const own = actionsOf(text)
    const included = includedBy(own, defines)
    return questions.flatMap(({ code, asks, words, remedy }): readonly Problem[] => {
      const isAsked = (action: Action): boolean => asks(action, unit)
      if (![{ actions: own }, ...included].some(({ actions }) => actions.some(isAsked))) return []
      const all = [text, ...included.map((define) => define.text)].join('\n')
      const kinds = kindsIn(all)
      if (kinds.length > 0 && !kinds.some((kind) => DECIDING.has(kind) || isPrinted(kind))) return []
      const farther = reachesOut(all, kinds)
      const values = farther ? [...unit.valueFiles, placeAt({ chain, path: 'values.yaml' }, 1)?.path] : []
      const line = lineAt(text, own.find(isAsked)?.start ?? 0)
      const place = placeAt({ chain, path }, line) ?? unit.at
      return [
        {
          ...place,
          code,
          class: 'unseen',
          message: `${place.path} ${words}: what release ${unit.release} installs may differ from what was judged.`,
          remedy,
          hides: {
            namespaces: [unit.namespace],
            under: [place.path, unit.at.path, ...values.flatMap((one) => one ?? [])],
          },
          ...(farther ? { farther } : {}),
        },
      ]
    })
  })
}

/** Does an action ask for an API that is neither of Kubernetes itself nor among those that the release is given? */
function asksForUnknown(text: string, given: readonly string[]): boolean {
  const asked = text.split('Capabilities.APIVersions').length - 1
  const named = [
    ...text.matchAll(/Capabilities\.APIVersions\.Has\s+["`]([^"`]*)["`]/g),
    ...text.matchAll(/\bhas\s+["`]([^"`]*)["`]\s+\$?\.Capabilities\.APIVersions(?!\.)/g),
  ]
  return asked > named.length || named.some(([, api = '']) => !isOfKubernetes(api) && !given.includes(api))
}

/** Kinds that decide who reaches whom; pods and Services are there with and without a password. */
const DECIDING: ReadonlySet<string> = new Set(
  JUDGED_KINDS.filter(
    (kind) => kind !== 'Service' && !WORKLOAD_KINDS.some((groupKind) => groupKind.endsWith(`/${kind}`)),
  ),
)

/** The kinds of the objects in a text; deeper ones are of references. */
function kindsIn(text: string): readonly string[] {
  const found = [...text.matchAll(/^([ \t]*)(apiVersion|kind):[ \t]*["']?([^"'\s#]*)/gm)]
  const depths = new Set(found.flatMap(([, depth, key]) => (key === 'apiVersion' ? [depth] : [])))
  return found.flatMap(([, depth, key, kind = '']) =>
    key === 'kind' && (depths.size === 0 || depths.has(depth)) ? [kind] : [],
  )
}

/** Does a template label namespaces, bind the whole cluster, or make something in a namespace other than the release's? */
function reachesOut(text: string, kinds: readonly string[]): boolean {
  const places = [...text.matchAll(/(?:^|[{,])[ \t]*(?:-[ \t]+)?namespace:[ \t]*([^\n]*)/gm)]
  return (
    kinds.length === 0 ||
    kinds.some((kind) => mayBeOfCluster(kind) || isPrinted(kind)) ||
    places.some(([, place = '']) => !/^["']?\{\{-? *\$?\.Release\.Namespace\b/.test(place))
  )
}

/** Does an action print it? */
function isPrinted(kind: string): boolean {
  return kind === '' || kind.startsWith('{{')
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
