// The way back from what helm prints to the tree: from `# Source: shop/charts/redis/templates/policy.yaml` to the
// template and the line in it, and to the values that it was filled with.
import type { Layer, Origin, Place } from '../../../core/kubernetes/origin.ts'
import { JUDGED_KINDS } from '../../../core/kubernetes/state.ts'
import { lineAt } from '../../../core/source/text.ts'
import type { SourceFile } from '../../../core/source/text.ts'
import { locate, splitDocuments } from '../../../core/yaml/index.ts'
import { joinPath } from '../../source-tree.ts'
import type { HelmUnit } from '../../unit.ts'
import { textOf } from './chart.ts'
import type { YamlFile } from './chart.ts'
import { templateLayer } from './mask.ts'
import type { Entry, Part, Parts } from './parts.ts'
import { definesIn, sectionOf, valuesIn, includedBy } from './template.ts'
import type { Defines } from './template.ts'
import { landings, settersOf, settingsOf } from './values.ts'

/** Where a template of a release is. */
export interface TemplateAt {
  /** From the chart of the release to the one that holds it. */
  readonly chain: readonly Part[]
  /** Below the folder of that chart. */
  readonly path: string
}

/** The file that helm means by `shop/charts/redis/templates/x.yaml`; null where no chart of the release is called so. */
export function templateAt({ root }: Parts, source: string): TemplateAt | null {
  const after = (text: string, start: string): string | null =>
    text.startsWith(start) ? text.slice(start.length) : null
  let path = after(source, `${root.name}/`)
  if (path === null) return null
  const chain = [root]
  for (let part: Part | undefined = root; part !== undefined;) {
    const next: { readonly child: Part; readonly rest: string } | undefined = part.children
      .flatMap((child) => {
        const rest = after(path ?? '', `charts/${child.name}/`)
        return rest === null ? [] : [{ child, rest }]
      })
      .at(0)
    if (next !== undefined) {
      chain.push(next.child)
      path = next.rest
    }
    part = next?.child
  }
  return { chain, path }
}

/** The template as a file of the tree; null for one of a chart that is packed or was fetched. */
function fileOf({ chain, path }: TemplateAt): SourceFile | null {
  const part = chain.at(-1)
  const file = part === undefined ? null : textOf(part.files, path)
  return file === null || part?.folder == null ? null : { ...file, path: joinPath(part.folder, path) }
}

/** A line of a template; for a chart that lies in no folder, the entry that brings it in. Null: only the unit does. */
export function placeAt(at: TemplateAt, line: number): Place | null {
  const file = fileOf(at)
  if (file !== null) return { path: file.path, line }
  const entry = entryOf(at)
  const span = entry === null ? null : locate(entry.file.text, entry.document, entry.route)
  return entry === null || span === null
    ? null
    : { path: entry.file.path, line: lineAt(entry.file.text, span.start) }
}

function entryOf({ chain }: TemplateAt): Entry | null {
  return chain.findLast((part) => part.entry !== null)?.entry ?? null
}

export interface Places {
  /** The way back from an object that helm printed below this source. */
  readonly originOf: (object: Readonly<Record<string, unknown>>, source: string | null) => Origin
}

/** `valueFiles` are those of the unit, weakest first; `asker` is the file that the unit stands in, if the tree has it. */
export function placesOf(
  unit: HelmUnit,
  parts: Parts,
  valueFiles: readonly YamlFile[],
  asker: SourceFile | null,
): Places {
  const settings = settingsOf(unit, valueFiles)
  const defines = definesIn(templateTexts(parts.root))
  return {
    originOf(object, source) {
      const at = source === null ? null : templateAt(parts, source)
      const kind = typeof object.kind === 'string' ? object.kind : ''
      const name = nameOf(object)
      const layers =
        at !== null && JUDGED_KINDS.includes(kind) ? layersOf(at, object, kind, name, defines) : []
      return {
        ...textOfOrigin(at, kind, name),
        editable: false,
        making: {
          by: parts.root.title,
          object,
          layers,
          sourceName: name,
          host: unit.host,
          // Whoever has a say after helm, as Flux's post-renderers do, says so in a unit of its own.
          patchable: false,
        },
      }
    },
  }

  function layersOf(
    { chain, path }: TemplateAt,
    object: Readonly<Record<string, unknown>>,
    kind: string,
    name: string,
    named: Defines,
  ): readonly Layer[] {
    const part = chain.at(-1)
    const file = part === undefined ? null : textOf(part.files, path)
    if (file === null || part === undefined) return []
    const { actions, range } = sectionOf(file.text, kind, name)
    const all = [...actions, ...includedBy(actions, named).flatMap((define) => define.actions)]
    const setters = valuesIn(all).flatMap((value) => settersOf(value, chain, settings))
    const template =
      part.folder === null
        ? null
        : templateLayer({ path: joinPath(part.folder, path), text: file.text }, range, object)
    return [
      ...distinct(landings(setters, object)),
      ...distinct(setters.map((setter) => ({ ...setter, mount: null }))),
      ...(template === null ? [] : [template]),
    ]
  }

  function textOfOrigin(
    at: TemplateAt | null,
    kind: string,
    name: string,
  ): Pick<Origin, 'file' | 'document' | 'route'> {
    const file = at === null ? null : fileOf(at)
    if (file !== null) return { file, document: sectionOf(file.text, kind, name).document, route: [] }
    return (at === null ? null : entryOf(at)) ?? lineOf(unit.at, asker)
  }
}

/** Values that two references lead to, once. */
function distinct(layers: readonly Layer[]): readonly Layer[] {
  return [
    ...new Map(
      layers.map((layer) => [
        JSON.stringify([layer.file.path, layer.document.index, layer.route, layer.mount]),
        layer,
      ]),
    ).values(),
  ]
}

/** One line of the file that the unit stands in. */
function lineOf(
  { path, line }: Place,
  asker: SourceFile | null,
): Pick<Origin, 'file' | 'document' | 'route'> {
  const file = asker ?? { path, text: '' }
  const lines = file.text.split('\n')
  const start = lines.slice(0, line - 1).reduce((sum, text) => sum + text.length + 1, 0)
  const end = Math.min(start + (lines[line - 1]?.length ?? 0), file.text.length)
  const index = splitDocuments(file.text).findLast((document) => document.start <= start)?.index ?? 0
  return { file, document: { index, start: Math.min(start, end), end, line }, route: [] }
}

/** Texts of everything in templates/ of a chart and those that it brings, library charts too. */
function templateTexts(part: Part): readonly string[] {
  const own = [...part.files.keys()].filter((path) => path.startsWith('templates/')).sort()
  return [
    ...own.flatMap((path) => textOf(part.files, path)?.text ?? []),
    ...part.children.flatMap((child) => templateTexts(child)),
  ]
}

function nameOf(object: Readonly<Record<string, unknown>>): string {
  const metadata = object.metadata
  const name =
    typeof metadata === 'object' && metadata !== null ? (metadata as { name?: unknown }).name : null
  return typeof name === 'string' ? name : ''
}
