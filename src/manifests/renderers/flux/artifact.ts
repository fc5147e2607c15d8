// The ExternalArtifacts that an ArtifactGenerator (source.extensions.fluxcd.io) copies together, traced back to this
// tree. That works where the artifact is laid out as the tree is, so that what refers to a neighbour finds the same one.
// What is copied where: fluxcd/source-watcher, internal/builder/builder.go.
import { posix } from 'node:path'
import { get, items, rootField } from '../../../core/kubernetes/field.ts'
import type { Field } from '../../../core/kubernetes/field.ts'
import { namespaceOf } from '../../../core/kubernetes/manifest.ts'
import type { Manifest } from '../../../core/kubernetes/manifest.ts'
import { isWithin, joinPath } from '../../source-tree.ts'
import { globMatches, hasWildcard } from './glob.ts'
import { filesOf, optionalText } from './object.ts'
import type { Ask, Shelf } from './object.ts'
import { gitSource, isFound, lost, pathInSource, refAt } from './git-source.ts'
import type { Found, SourceRef, Sourced, Wanted } from './git-source.ts'

/** One answer for each generator in the tree that makes the artifact; none where none does. */
export function artifactsOf(shelf: Shelf, ask: Ask, wanted: Wanted): readonly Sourced[] {
  const { namespace, name } = wanted.ref
  return shelf.all('source.extensions.fluxcd.io/ArtifactGenerator').flatMap((generator) => {
    if ((namespaceOf(generator.object) ?? 'default') !== namespace) return []
    const spec = get(rootField(generator.object), 'spec')
    return items(get(spec, 'artifacts'))
      .filter((artifact) => optionalText(get(artifact, 'name')) === name)
      .map((artifact) => trace(shelf, ask, wanted, { generator, spec, namespace, artifact }))
  })
}

interface Made {
  readonly generator: Manifest
  readonly spec: Field
  readonly namespace: string
  readonly artifact: Field
}

function trace(shelf: Shelf, ask: Ask, wanted: Wanted, made: Made): Sourced {
  const inputs = filesOf(made.generator)
  const wanting = `${ask.title} takes ${wanted.path} from the artifact ${wanted.ref.name}`
  const stop = (code: string, message: string, remedy: string): Sourced => {
    const { problem } = lost(ask, wanted, { code, class: 'unseen', message, remedy })
    return { problem, inputs }
  }
  const differs = (): Sourced =>
    stop(
      'artifact-layout',
      `${wanting}, which is laid out in another way than this tree.`,
      'Copy whole folders, each to the place that it has in the tree.',
    )
  const refs = refsOf(made)
  const pieces: Piece[] = []
  for (const copy of items(get(made.artifact, 'copy'))) {
    const piece = pieceOf(shelf, copy)
    const ref = refs.get(piece?.alias ?? '')
    if (piece === null || ref === undefined) return differs()
    const source: Sourced =
      ref.kind === 'GitRepository'
        ? gitSource(shelf, ask, { ...wanted, ref, path: piece.from })
        : lost(ask, wanted, {
            code: 'remote-source',
            class: 'unseen',
            message: `${wanting}, into which ${ref.kind} ${ref.namespace}/${ref.name} goes as well.`,
            remedy: 'What comes from elsewhere is not seen; check it where it is kept.',
          })
    if (!isFound(source))
      return 'problem' in source ? { ...source, inputs: [...inputs, ...source.inputs] } : source
    pieces.push({ ...piece, source })
  }
  const home = pieces.find(({ to }) => isWithin(wanted.path, to))
  const bases = new Set(pieces.map(baseOf))
  const [base] = bases
  if (bases.size !== 1 || base === undefined || base === null) return differs()
  if (home?.source === undefined) {
    return pieces.some(({ to }) => isWithin(to, wanted.path))
      ? differs()
      : stop(
          'missing-path',
          `${wanting}, into which no such path is copied.`,
          'Copy it into the artifact, or correct the path.',
        )
  }
  return {
    path: joinPath(base, wanted.path),
    ignore: home.source.ignore,
    leavesOut: (path) => pieces.every((piece) => !isWithin(path, piece.from) || isExcluded(piece, path)),
    problems: pieces.flatMap(({ source }) => source?.problems ?? []),
    inputs: [...inputs, ...home.source.inputs],
  }
}

function refsOf({ spec, namespace }: Made): ReadonlyMap<string, SourceRef> {
  return new Map(
    items(get(spec, 'sources')).flatMap((field) => {
      const alias = optionalText(get(field, 'alias'))
      const ref = refAt(field, namespace)
      return alias === null || ref === null ? [] : [[alias, ref] as const]
    }),
  )
}

/** A folder or file of a source, and where in the artifact it goes. */
interface Piece {
  readonly alias: string
  readonly from: string
  readonly to: string
  readonly exclude: readonly string[]
  /** Are excluded paths seen from what is directly in the folder, as with `folder/**`, or from the folder? */
  readonly eachEntry: boolean
  readonly source?: Found
}

/** Null for what is no copy of a whole folder or file: other globs, merged files, unpacked archives. */
function pieceOf(shelf: Shelf, copy: Field): Piece | null {
  const [, alias, pattern] = /^@([^/]+)\/(.*)$/s.exec(optionalText(get(copy, 'from')) ?? '') ?? []
  const [, target] = /^@artifact\/(.*)$/s.exec(optionalText(get(copy, 'to')) ?? '') ?? []
  const strategy = optionalText(get(copy, 'strategy')) ?? 'Overwrite'
  if (alias === undefined || pattern === undefined || target === undefined || strategy !== 'Overwrite')
    return null
  const exclude = items(get(copy, 'exclude')).flatMap((field) => optionalText(field) ?? [])
  const isContent = pattern === '**' || pattern.endsWith('/**')
  const folder = isContent ? pattern.slice(0, -'**'.length) : pattern
  const from = hasWildcard(folder) ? null : pathInSource(folder)
  const place = pathInSource(target)
  if (from === null || place === null) return null
  // As cp does: a folder goes into the folder that is named, and a file, too, where the name ends with a slash.
  const isInto = !isContent && (shelf.tree.kindOf(from) === 'folder' || /(^|\/)$/.test(target))
  const to = isInto ? joinPath(place, posix.basename(from)) : place
  return { alias, from, to, exclude, eachEntry: isContent }
}

/** The folder of the tree that the root of the artifact corresponds to, as this piece has it. */
function baseOf({ from, to }: Piece): string | null {
  if (to === '.') return from
  if (from === to) return '.'
  return from.endsWith(`/${to}`) ? from.slice(0, -to.length - 1) : null
}

/** `shouldExclude` and `copyDirWithRoots` of builder.go: a pattern without a slash is also asked about the bare name. */
function isExcluded({ from, exclude, eachEntry }: Piece, path: string): boolean {
  const rest = path === from ? [posix.basename(path)] : posix.relative(from, path).split('/')
  const fits = (candidate: string): boolean =>
    exclude.some(
      (pattern) =>
        globMatches(pattern, candidate) ||
        (!pattern.includes('/') && globMatches(pattern, posix.basename(candidate))),
    )
  if (eachEntry && fits(joinPath(from, rest[0] ?? ''))) return true
  const inside = eachEntry ? rest.slice(1) : rest
  return inside.some((_, index) => fits(inside.slice(0, index + 1).join('/')))
}
