// What kustomize printed, as manifests that know where they come from.
import type { Manifest } from '../../../core/kubernetes/manifest.ts'
import { namespaceOf } from '../../../core/kubernetes/manifest.ts'
import type { Making, Origin } from '../../../core/kubernetes/origin.ts'
import type { Problem } from '../../../core/source/problem.ts'
import type { KustomizeUnit } from '../../unit.ts'
import type { Mapping } from './file.ts'
import { layersOf } from './layers.ts'
import { documentAt, findOrigin, nameOf, takeNotes, withOwnNotes } from './origin.ts'
import type { Bringer, Found } from './origin.ts'
import type { Gathered } from './remote.ts'
import { mapping } from './select.ts'
import { readRendered } from '../rendered.ts'
import { flatVariables, isReplacedIn, refusedNames, replaceInValue, replaceVariables } from './substitute.ts'
import type { Replaced } from './substitute.ts'

export interface Told {
  readonly manifests: readonly Manifest[]
  readonly problems: readonly Problem[]
}

/** Documents of a build, in their order, with the variables of the unit replaced. */
export async function manifestsOf(stdout: string, unit: KustomizeUnit, gathered: Gathered): Promise<Told> {
  const manifests: Manifest[] = []
  const problems: Problem[] = []
  const variables = flatVariables(unit.substitutions ?? new Map())
  for (const { value, text } of readRendered(stdout)) {
    const { object: printed, notes } = takeNotes(mapping(value), unit.folder)
    const replaces = isReplacedIn(printed, variables)
    const found = await findOrigin(printed, notes, gathered)
    const place = found === null ? await wherever(unit, gathered) : placeOf(found)
    const replaced: Replaced = replaces ? replaceVariables(text, variables) : { ok: true, value }
    if (!replaced.ok) {
      problems.push(notReplaced(printed, replaced, place, unit))
      continue
    }
    const bare = takeNotes(mapping(replaced.value), unit.folder).object
    const object = found?.kind === 'source' ? withOwnNotes(bare, found.source.value) : bare
    const { apiVersion, kind } = object
    if (typeof apiVersion !== 'string' || typeof kind !== 'string' || kind === 'Secret') continue
    const making: Making = {
      by: `kustomization ${unit.folder}`,
      object,
      layers: await layersOf(
        {
          object,
          printed,
          notes,
          found,
          replaced: replaces
            ? (source): unknown => replaceInValue(source, variables)
            : (source): unknown => source,
        },
        gathered,
      ),
      sourceName: found?.kind === 'source' ? nameOf(found.source.value) : nameOf(printed),
      host: unit.host,
      patchable: true,
    }
    const editable = found?.kind === 'source' || (found?.kind === 'bringer' && found.here)
    manifests.push({ apiVersion, kind, object, origin: { ...place, editable, making } })
  }
  const refused = refusedNames(variables)
  if (refused.length > 0 && manifests.length > 0) problems.push(refusedVariables(refused, manifests, unit))
  return { manifests, problems }
}

type Standing = Pick<Origin, 'file' | 'document' | 'route'>

function placeOf(found: Found): Standing {
  const { file, document, route }: Bringer = found.kind === 'source' ? found.source : found.bringer
  return { file, document, route }
}

/** Where nothing better is known: the kustomization that was built, or what asked for it. */
async function wherever({ at }: KustomizeUnit, { closure, tree }: Gathered): Promise<Standing> {
  const source = closure.kustomizations[0]?.source
  if (source !== null && source !== undefined) return { ...source, route: [] }
  const file = (await tree.text(at.path)) ?? { path: at.path, text: '' }
  return { file, document: documentAt(file, at.line), route: [] }
}

function notReplaced(
  printed: Mapping,
  { known, message }: Extract<Replaced, { readonly ok: false }>,
  { file, document }: Standing,
  unit: KustomizeUnit,
): Problem {
  const namespace = printed.kind === 'Namespace' ? nameOf(printed) : (namespaceOf(printed) ?? unit.namespace)
  // A namespace that is a variable itself may be any.
  const namespaces =
    namespace?.includes('$') === true ? ('all' as const) : namespace === null ? [] : [namespace]
  return {
    path: file.path,
    line: document.line,
    code: known ? 'substitution-failed' : 'substitution-not-supported',
    class: known ? 'unreadable' : 'unseen',
    message: `The variables of ${String(printed.kind)} ${nameOf(printed)} are not replaced: ${message}.`,
    remedy: known
      ? 'Correct the expression, or write $${ where no variable is meant.'
      : 'Use a simpler expression, or give the value as a variable of its own.',
    hides: { namespaces, under: [file.path] },
  }
}

/** Flux applies nothing of a Kustomization with such a variable. */
function refusedVariables(
  names: readonly string[],
  manifests: readonly Manifest[],
  unit: KustomizeUnit,
): Problem {
  return {
    ...unit.at,
    code: 'substitution-failed',
    class: 'unreadable',
    message: `Flux refuses variables that are called ${names.join(', ')}: names are letters, digits and underscores, and begin with no digit.`,
    remedy: 'Rename them, where they are set and where they are used.',
    hides: {
      namespaces: [...new Set(manifests.flatMap(({ object }) => namespaceOf(object) ?? []))].sort(),
      under: [unit.folder],
    },
  }
}
