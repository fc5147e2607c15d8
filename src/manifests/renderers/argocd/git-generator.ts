// The git generator over this tree: a set of parameters for each directory, or for each file and what is in it
// (applicationset/generators/git.go; GetGitDirectories and GetGitFiles in reposerver/repository/repository.go).
import { posix } from 'node:path'
import { get, items, labelsField } from '../../../core/kubernetes/field.ts'
import type { Field } from '../../../core/kubernetes/field.ts'
import { onceEach } from '../../../core/source/once-each.ts'
import { compareText } from '../../../core/source/problem.ts'
import { readDocument, splitDocuments } from '../../../core/yaml/index.ts'
import { joinPath } from '../../source-tree.ts'
import type { SourceTree } from '../../source-tree.ts'
import { compileGlob, literalStart } from './glob.ts'
import { sanitizeName } from './go-template.ts'
import { flag, textOrNull } from './object.ts'
import { isPinned } from './source.ts'
import { replaceText } from './template.ts'
import type { Params } from './template.ts'
import { CHEAP, flat, give, isMap, spend } from './world.ts'
import type { World } from './world.ts'

interface Pattern {
  readonly path: string
  readonly exclude: boolean
}

export function gitParams(git: Field, world: World): readonly Params[] | null {
  const directories = patternsIn(get(git, 'directories'))
  const files = patternsIn(get(git, 'files'))
  const patterns = directories.length > 0 ? directories : files
  const url = textOrNull(get(git, 'repoURL'))
  const revision = textOrNull(get(git, 'revision'))
  const begins = patterns.filter(({ exclude }) => !exclude).map(({ path }) => literalFolder(path))
  if (patterns.length === 0 || url === null)
    return give(
      world,
      'invalid-applicationset',
      git.route,
      'has a git generator without a repoURL, directories or files',
    )
  for (const begin of begins) {
    if (world.shelf.tree.kindOf(begin) === 'outside')
      return give(
        world,
        'invalid-applicationset',
        git.route,
        'has a git generator that looks outside of the repository',
      )
    world.inputs.add(begin)
  }
  if (!world.shelf.isThisTree(url, begins[0] ?? '.'))
    return give(world, 'remote-source', git.route, `has a git generator over ${url}, which is not this tree`)
  if (isPinned(revision))
    give(
      world,
      'revision-pinned',
      git.route,
      `has a git generator over ${revision ?? ''}, which is not this state of the tree`,
      begins,
    )
  const prefix = textOrNull(get(git, 'pathParamPrefix'))
  const found =
    directories.length > 0
      ? directoryParams(git, directories, prefix, world)
      : fileParams(git, files, prefix, world)
  return found === null ? null : withValues(git, found, world)
}

function patternsIn(list: Field): readonly Pattern[] {
  return items(list).flatMap((item) => {
    const path = textOrNull(get(item, 'path'))
    return path === null ? [] : [{ path, exclude: flag(get(item, 'exclude')) }]
  })
}

/** The folder that a pattern begins with, before anything in it can stand for several. */
function literalFolder(pattern: string): string {
  const parts = pattern.split('/')
  const wild = parts.findIndex((part) => /[*?[\\]/.test(part))
  const folder = joinPath('.', ...(wild === -1 ? parts : parts.slice(0, wild)))
  return pattern.startsWith('/') ? `/${folder}` : folder
}

function directoryParams(
  git: Field,
  patterns: readonly Pattern[],
  prefix: string | null,
  world: World,
): readonly Params[] | null {
  const { folders } = contentsOf(world.shelf.tree)
  const chosen = choose(git, patterns, folders, 'go-path', world)
  return chosen === null ? null : chosen.map((path) => pathParams({}, { path }, prefix, world))
}

/**
 * A path that any pattern excludes is out, wherever the pattern stands; a pattern that cannot be read matches none.
 * Null where looking costs more than there is left.
 */
function choose(
  git: Field,
  patterns: readonly Pattern[],
  paths: readonly string[],
  language: 'go-path' | 'git-pathspec',
  world: World,
): readonly string[] | null {
  const included = new Set<string>()
  const excluded = new Set<string>()
  for (const { path: pattern, exclude } of patterns) {
    // Most paths of a tree do not begin like a pattern, which costs little to see.
    const begin = literalStart(pattern)
    const candidates = paths.filter((path) => path.startsWith(begin))
    if (!spend(world, paths.length + candidates.length * pattern.length, git.route)) return null
    const matches = matcher(pattern, language)
    for (const path of candidates) if (matches(path)) (exclude ? excluded : included).add(path)
  }
  return [...included].filter((path) => !excluded.has(path)).sort(compareText)
}

function matcher(pattern: string, language: 'go-path' | 'git-pathspec'): (path: string) => boolean {
  const glob = compileGlob(pattern, language) ?? ((): boolean => false)
  if (language === 'go-path') return glob
  // A pathspec is a file, a folder with all that is below it, or a pattern (gitglossary, pathspec).
  const folder = pattern.endsWith('/') ? pattern : `${pattern}/`
  return (path) => path === pattern || path.startsWith(folder) || glob(path)
}

function fileParams(
  git: Field,
  patterns: readonly Pattern[],
  prefix: string | null,
  world: World,
): readonly Params[] | null {
  if (patterns.some(({ path }) => path.startsWith(':') || /\[\[:/.test(path)))
    return give(
      world,
      'generator-not-supported',
      git.route,
      'has a git generator with magic of git in its paths, which is not evaluated here',
    )
  const { files, links } = contentsOf(world.shelf.tree)
  // Git knows no `./`; without the newer globbing, which an administrator turns on, `*` runs over slashes.
  const specs = patterns.map(({ path, exclude }) => ({ path: path.replace(/^(?:\.\/+)+/, ''), exclude }))
  const linked = choose(git, specs, links, 'git-pathspec', world)
  const chosen = choose(git, specs, files, 'git-pathspec', world)
  if (linked === null || chosen === null) return null
  const [link] = linked
  if (link !== undefined)
    return give(
      world,
      'symbolic-link',
      git.route,
      `reads ${link}, which is a symbolic link and is not followed`,
    )
  const found: Params[] = []
  for (const path of chosen) {
    world.inputs.add(path)
    const text = world.texts.get(path)
    if (text === undefined) {
      world.wanted.add(path)
      continue
    }
    const objects = text === null ? null : objectsIn(text)
    if (objects === null)
      return give(
        world,
        'invalid-applicationset',
        git.route,
        `reads ${path}, which holds no YAML mapping and no list of mappings`,
      )
    for (const object of objects) {
      const filename = posix.basename(path)
      const own = world.syntax.isGo ? object : flat(object)
      found.push(pathParams(own, { path: posix.dirname(path), filename }, prefix, world))
    }
    if (!spend(world, (text?.length ?? 0) / CHEAP, git.route)) return null
  }
  return found
}

/** One mapping, or a list of them; a file that holds nothing gives one set of parameters without any of its own. */
function objectsIn(text: string): readonly Params[] | null {
  const document = splitDocuments(text)[0]
  if (document === undefined) return [{}]
  const read = readDocument(text, document)
  if (!read.ok) return null
  if (read.value === null || (Array.isArray(read.value) && read.value.length === 0)) return [{}]
  const objects = (Array.isArray(read.value) ? read.value : [read.value]) as readonly unknown[]
  const maps = objects.map((object) => object ?? {}).filter(isMap)
  return maps.length === objects.length ? maps : null
}

/** `path` and its kin: one mapping for Go's templates, names with dots for the older ones. */
function pathParams(
  own: Params,
  { path, filename }: { readonly path: string; readonly filename?: string },
  prefix: string | null,
  { syntax }: World,
): Params {
  const basename = posix.basename(path)
  const parts = {
    basename,
    basenameNormalized: sanitizeName(basename),
    ...(filename === undefined ? {} : { filename, filenameNormalized: sanitizeName(filename) }),
  }
  const segments = path.split('/')
  if (syntax.isGo) {
    const all = { path, segments, ...parts }
    return { ...own, ...(prefix === null ? { path: all } : { [prefix]: { path: all } }) }
  }
  const name = prefix === null ? 'path' : `${prefix}.path`
  return {
    ...own,
    [name]: path,
    ...Object.fromEntries(Object.entries(parts).map(([key, value]) => [`${name}.${key}`, value])),
    ...Object.fromEntries(segments.map((segment, at) => [`${name}[${String(at)}]`, segment])),
  }
}

/** `values` of the generator, each a template over the parameters so far (appendTemplatedValues). */
function withValues(git: Field, found: readonly Params[], world: World): readonly Params[] | null {
  const values = Object.entries(labelsField(get(git, 'values')))
  if (values.length === 0) return found
  const result: Params[] = []
  for (const params of found) {
    const made: [string, string][] = []
    for (const [key, value] of values) {
      const replaced = replaceText(value, params, world.syntax)
      if (!replaced.ok) {
        const code = replaced.kind === 'failed' ? 'invalid-applicationset' : 'template-not-supported'
        return give(
          world,
          code,
          [...git.route, 'values', key],
          `has a generator that asks for ${replaced.why}`,
        )
      }
      made.push([key, replaced.text])
    }
    const named = world.syntax.isGo
      ? { values: Object.fromEntries(made) }
      : Object.fromEntries(made.map(([key, value]) => [`values.${key}`, value]))
    result.push({ ...params, ...named })
  }
  return result
}

interface Contents {
  /** Without hidden ones and what is in them, as Argo CD lists directories. */
  readonly folders: readonly string[]
  readonly files: readonly string[]
  readonly links: readonly string[]
}

/** What a tree holds: looked through once. */
const contentsOf = onceEach((tree: SourceTree): Contents => {
  const [folders, files, links]: [string[], string[], string[]] = [[], [], []]
  const walk = (at: string, isHidden: boolean): void => {
    for (const name of tree.names(at)) {
      const path = joinPath(at, name)
      const kind = tree.kindOf(path)
      const hidden = isHidden || name.startsWith('.')
      if (kind === 'file') files.push(path)
      if (kind === 'link') links.push(path)
      if (kind === 'folder') {
        if (!hidden) folders.push(path)
        walk(path, hidden)
      }
    }
  }
  walk('.', false)
  return { folders: folders.sort(compareText), files: files.sort(compareText), links }
})
