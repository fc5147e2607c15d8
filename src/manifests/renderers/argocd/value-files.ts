// Value files of a source: beside the chart, from the root of the repository (`/values.yaml`), or from the root of
// another source (`$values/prod.yaml`): docs/user-guide/multiple_sources.md, getResolvedValueFiles in repository.go.
import { items, get, text } from '../../../core/kubernetes/field.ts'
import type { Field } from '../../../core/kubernetes/field.ts'
import type { Problem } from '../../../core/source/problem.ts'
import { joinPath } from '../../source-tree.ts'
import { environmentOf } from './environment.ts'
import { flag, invalid, told } from './object.ts'
import type { Gathered } from './object.ts'
import { pinned } from './order.ts'
import type { Order } from './order.ts'
import { isPinned } from './source.ts'
import type { Source } from './source.ts'

/** Paths of the tree, in their order; what is not to be had is among `lacking`. */
export function valueFiles(
  order: Order,
  field: Field,
  folder: string | null,
  gathered: Gathered,
  lacking: Problem[],
): readonly string[] {
  const optional = flag(get(get(order.source.field, 'helm'), 'ignoreMissingValueFiles'))
  return items(field).flatMap((item) => {
    const written = text(item)
    if (written === undefined) return []
    const found = placeOfFile(order, written, item, folder)
    if (typeof found !== 'string') {
      lacking.push(found)
      return []
    }
    gathered.inputs.add(found)
    const file = existing(order, written, found, item, optional)
    if (file === null) return []
    if (typeof file !== 'string') {
      lacking.push(file)
      return []
    }
    const other = sourceNamed(order, written)
    if (other !== undefined && isPinned(other.revision))
      gathered.problems.push(pinned(order.app, other, file))
    return [file]
  })
}

/** The path of a value file, or why it has none in this tree. */
function placeOfFile(order: Order, written: string, item: Field, folder: string | null): string | Problem {
  const { app, source, kitchen } = order
  const environment = environmentOf(app, source)
  if (written.startsWith('$') && source.isOneOfMany) {
    const [, ...rest] = written.split('/')
    const other = sourceNamed(order, written)
    if (other === undefined)
      return invalid(app, item.route, `no source has the ref that ${written} asks for.`)
    // `$values/x` is `/x` of that source, whatever its own path is.
    const path = joinPath('.', ...rest.map(environment))
    if (other.url !== null && kitchen.tree.kindOf(path) !== 'outside' && kitchen.isThisTree(other.url, path))
      return path
    return elsewhere(order, written, item, `comes from ${other.url ?? 'nowhere'}, which is not this tree`)
  }
  const path = environment(written)
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(path))
    return elsewhere(order, written, item, 'is fetched from the network')
  if (folder === null) return elsewhere(order, written, item, 'is part of a chart that is not in this tree')
  return path.startsWith('/') ? joinPath('.', path.slice(1)) : joinPath(folder, path)
}

/** The source whose ref a value file begins with; only one of several sources can name another. */
function sourceNamed({ source, sources }: Order, written: string): Source | undefined {
  const [name] = written.split('/')
  return source.isOneOfMany ? sources.find(({ ref }) => ref !== null && `$${ref}` === name) : undefined
}

/** The file, or why it is not to be had; null where it may be missing and is. */
function existing(
  order: Order,
  written: string,
  path: string,
  item: Field,
  optional: boolean,
): string | Problem | null {
  const kind = order.kitchen.tree.kindOf(path)
  if (kind === 'file') return path
  if (kind === 'link' || kind === 'submodule')
    return elsewhere(order, written, item, 'leads through a link or a submodule, which is not followed')
  // Newer versions of Argo CD expand patterns, older ones look for a file of that name.
  if (kind === 'missing' && /[*?[\]{}]/.test(path))
    return elsewhere(order, written, item, 'is a pattern, which not every Argo CD expands')
  if (kind === 'missing' && optional) return null
  return missing(order, written, item, kind === 'outside')
}

function elsewhere({ app }: Order, written: string, item: Field, why: string): Problem {
  return told(app, item.route, {
    code: 'value-file-not-seen',
    class: 'unseen',
    message: `The value file ${written} of ${app.title} ${why}, and the chart was not rendered without it.`,
    remedy:
      'Name a file of this repository, or describe what the chart makes under clusters.<name>.assume.manifests.',
  })
}

function missing({ app }: Order, written: string, item: Field, isOutside: boolean): Problem {
  return told(app, item.route, {
    code: 'missing-value-file',
    class: 'unreadable',
    message: `The value file ${written} of ${app.title} ${isOutside ? 'lies outside of the repository' : 'is not in the repository'}.`,
    remedy: 'Correct the path, or set ignoreMissingValueFiles where the file may be missing.',
  })
}
