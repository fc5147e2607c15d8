// What a chart is, from its files: where the charts of a tree are, what each depends on, and what it has at hand in
// charts/. Field names are those of helm's pkg/chart; nothing here is believed to have the type that it should.
import { posix } from 'node:path'
import type { SourceFile } from '../../../core/source/text.ts'
import { lineAt } from '../../../core/source/text.ts'
import { locate, readDocument, splitDocuments } from '../../../core/yaml/index.ts'
import type { DocumentRange, Route } from '../../../core/yaml/types.ts'
import type { TreeFile } from '../../../git/tree.ts'
import { joinPath } from '../../source-tree.ts'
import type { SourceTree } from '../../source-tree.ts'

/** Files of a chart by path below its folder. */
export type ChartFiles = ReadonlyMap<string, Uint8Array>

export interface Chart {
  /** `name` of Chart.yaml; empty where it has none that is a text. */
  readonly name: string
  readonly version: string
  /** Library charts hold named templates for others, and install nothing themselves. */
  readonly isLibrary: boolean
  readonly dependencies: readonly Dependency[]
}

/** What a chart says that it needs. Helm 3 reads requirements.yaml, of charts made for helm 2, after Chart.yaml. */
export interface Dependency {
  readonly name: string
  readonly version: string
  /** `https://…`, `oci://…`, `file://…`, `@alias`; empty: it stands in charts/. */
  readonly repository: string
  /** The name that it goes by in this chart. */
  readonly alias: string | null
  readonly file: 'Chart.yaml' | 'requirements.yaml'
  readonly route: Route
  /** Line of the entry. */
  readonly line: number
}

/** Is there a chart in this folder of the tree? */
export function isChart(tree: SourceTree, folder: string): boolean {
  return tree.kindOf(joinPath(folder, 'Chart.yaml')) === 'file'
}

/** Every folder with a chart, sorted, but for those in another chart's charts/: they belong to that one. */
export function chartFolders(tree: SourceTree): readonly string[] {
  const folders = tree
    .below('.')
    .filter(({ path }) => posix.basename(path) === 'Chart.yaml')
    .map(({ path }) => posix.dirname(path))
  const known = new Set(folders)
  const isNested = (folder: string): boolean => {
    for (let at = folder; at !== '.'; at = posix.dirname(at)) {
      if (posix.basename(at) === 'charts' && known.has(posix.dirname(at))) return true
    }
    return false
  }
  return folders.filter((folder) => !isNested(folder))
}

/** Regular files of the chart in a folder: all that is below it. What it names elsewhere is not among them. */
export function chartFiles(tree: SourceTree, folder: string): readonly TreeFile[] {
  return tree.below(folder)
}

/** The chart in a folder of the tree; null where there is none. */
export async function chartAt(tree: SourceTree, folder: string): Promise<Chart | null> {
  if (!isChart(tree, folder)) return null
  const paths = ['Chart.yaml', 'requirements.yaml'].map((path) => joinPath(folder, path))
  return readChart(within(folder, await tree.read(paths)))
}

/** What lies below a folder, by path from there. */
export function within(folder: string, files: ChartFiles): ChartFiles {
  if (folder === '.') return files
  const start = `${folder}/`
  return new Map(
    [...files].flatMap(([path, bytes]) =>
      path.startsWith(start) ? [[path.slice(start.length), bytes]] : [],
    ),
  )
}

/** Reads what a chart says of itself. What cannot be read is left empty: helm will say what is wrong with it. */
export function readChart(files: ChartFiles): Chart {
  const main = yamlOf(files, 'Chart.yaml')
  const metadata = mapping(main?.value)
  const older = yamlOf(files, 'requirements.yaml')
  const listed =
    older !== null && Array.isArray(mapping(older.value).dependencies)
      ? dependenciesOf('requirements.yaml', older)
      : main === null
        ? []
        : dependenciesOf('Chart.yaml', main)
  return {
    name: text(metadata.name),
    version: text(metadata.version),
    isLibrary: text(metadata.type).toLowerCase() === 'library',
    dependencies: listed,
  }
}

function dependenciesOf(
  name: Dependency['file'],
  { file, document, value }: YamlFile,
): readonly Dependency[] {
  const { dependencies } = mapping(value)
  if (!Array.isArray(dependencies)) return []
  return dependencies.flatMap((entry: unknown, index): readonly Dependency[] => {
    const { name: chart, version, repository, alias } = mapping(entry)
    if (typeof chart !== 'string' || chart === '') return []
    const route = ['dependencies', index]
    const span = locate(file.text, document, route)
    return [
      {
        name: chart,
        version: text(version),
        repository: text(repository),
        alias: text(alias) === '' ? null : text(alias),
        file: name,
        route,
        line: span === null ? 1 : lineAt(file.text, span.start),
      },
    ]
  })
}

/** A YAML file of which helm reads the first document. */
export interface YamlFile {
  readonly file: SourceFile
  readonly document: DocumentRange
  readonly value: unknown
}

/** A YAML file of a chart as it is read; null where it is missing or unreadable. Its path is relative to the chart. */
export function yamlOf(files: ChartFiles, path: string): YamlFile | null {
  const file = textOf(files, path)
  return file === null ? null : readYaml(file)
}

/** The first document of a file, as Go's decoders read no other; null where it has none, or it is unreadable. */
export function readYaml(file: SourceFile): YamlFile | null {
  const document = splitDocuments(file.text)[0]
  if (document === undefined) return null
  const read = readDocument(file.text, document)
  return read.ok ? { file, document, value: read.value } : null
}

/** A file of a chart as text; null where it is missing, or is none. */
export function textOf(files: ChartFiles, path: string): SourceFile | null {
  const bytes = files.get(path)
  if (bytes === undefined) return null
  try {
    return { path, text: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes) }
  } catch {
    return null
  }
}

/** A mapping of whatever a document holds; empty for anything else. */
export function mapping(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : {}
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : ''
}
