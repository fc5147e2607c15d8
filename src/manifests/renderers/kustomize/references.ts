// Which texts of a kustomization name files, and what happens to the build when one is left out. The fields are those
// of api/types/kustomization.go; how each is loaded is in api/internal/target and api/internal/loader.
import type { Route } from '../../../core/yaml/types.ts'

export interface Reference {
  /** The text as written, without what stands before `=` in the files of a generator. */
  readonly text: string
  /** Where it stands in the kustomization. */
  readonly route: Route
  /**
   * `base`: a file, or a folder with a kustomization. `component`: such a folder. `config`: a base whose objects say
   * what to generate or change, and may name files themselves. `file`: a file.
   */
  readonly kind: 'base' | 'component' | 'config' | 'file'
  /** The entry to leave out where this is not to be had. */
  readonly cut: Route
  /** Is there no use in building without it, where it should be in this tree and is not? */
  readonly vital: boolean
  /** Does it change what others bring? Then nothing of the output is sure without it. */
  readonly alters: boolean
}

/** A chart that a kustomization renders, from `home/name` where that is there. */
export interface ChartReference {
  readonly name: string
  /** The chart's folder, relative to the kustomization's. */
  readonly folder: string
  /** Empty where none is named: then the chart must be in its folder. */
  readonly repo: string
  /** Empty: the latest. */
  readonly version: string
  readonly route: Route
  readonly cut: Route
}

type Mapping = Readonly<Record<string, unknown>>

/** Everything that a kustomization names for certain, in the order of its fields here. */
export function referencesOf(value: Mapping): readonly Reference[] {
  return [
    ...texts(value, 'resources', 'base'),
    ...texts(value, 'bases', 'base'),
    ...texts(value, 'components', 'component'),
    ...texts(value, 'generators', 'config'),
    ...texts(value, 'transformers', 'config'),
    ...texts(value, 'validators', 'config'),
    ...texts(value, 'crds', 'file'),
    ...texts(value, 'configurations', 'file'),
    ...texts(value, 'patchesStrategicMerge', 'file'),
    ...paths(value, 'patches'),
    ...paths(value, 'patchesJson6902'),
    ...paths(value, 'replacements'),
    ...openapi(value),
    ...generatorFiles(value, 'configMapGenerator'),
    ...generatorFiles(value, 'secretGenerator'),
    ...valueFiles(value),
  ]
}

/**
 * The charts of helmCharts, and of helmChartInflationGenerator as FixKustomization reads it. With a repository and a
 * version the folder is `home/name-version/name` (HelmChartInflationGenerator.absChartHome); kustomize takes what it
 * finds there as it is.
 */
export function chartsOf(value: Mapping): readonly ChartReference[] {
  const old = list(value, 'helmChartInflationGenerator')
  const homes = old.flatMap(({ item }) => text(mapping(item).chartHome) ?? [])
  const globals = value.helmGlobals
  const home = (isMapping(globals) ? text(globals.chartHome) : homes.at(-1)) ?? 'charts'
  return [
    ...list(value, 'helmCharts').flatMap(({ item, route }) => {
      const { name, repo, version } = mapping(item)
      return chart({ name, repo, version, home }, route, route)
    }),
    ...old.flatMap(({ item, route }) => {
      const { chartName, chartRepoUrl, chartVersion } = mapping(item)
      return chart({ name: chartName, repo: chartRepoUrl, version: chartVersion, home }, route, route)
    }),
  ]
}

/** The chart that the configuration of a generator names; `cut` is the entry that brings it. */
export function chartOfConfig(value: unknown, cut: Route): readonly ChartReference[] {
  const config = mapping(value)
  if (config.kind !== 'HelmChartInflationGenerator') return []
  const { name, repo, version, chartHome } = config
  return chart({ name, repo, version, home: text(chartHome) ?? 'charts' }, cut, cut)
}

function chart(
  {
    name,
    repo,
    version,
    home,
  }: Readonly<Record<'name' | 'repo' | 'version', unknown>> & { readonly home: string },
  route: Route,
  cut: Route,
): readonly ChartReference[] {
  const named = text(name)
  if (named === null) return []
  const from = { repo: text(repo) ?? '', version: text(version) ?? '' }
  const versioned = from.repo !== '' && from.version !== '' ? `${home}/${named}-${from.version}` : home
  return [{ name: named, folder: `${versioned}/${named}`, ...from, route, cut }]
}

/** Configurations of generators and transformers that stand in the kustomization itself. */
export function inlineConfigs(value: Mapping): readonly { readonly text: string; readonly route: Route }[] {
  return ['generators', 'transformers', 'validators'].flatMap((field) =>
    list(value, field).flatMap(({ item, route }) =>
      typeof item === 'string' && (item.includes('\n') || isInline(item, field))
        ? [{ text: item, route }]
        : [],
    ),
  )
}

/** Fields whose texts are never paths. What stands in others and is a file of the tree counts as read. */
const NO_PATHS: ReadonlySet<string> = new Set([
  'apiVersion',
  'kind',
  'metadata',
  'namespace',
  'namePrefix',
  'nameSuffix',
  'commonLabels',
  'labels',
  'commonAnnotations',
  'images',
  'imageTags',
  'replicas',
  'vars',
  'sortOptions',
  'buildMetadata',
  'generatorOptions',
])

/** Every other text in a kustomization that may be a path: the fields of a kustomize to come, for one. */
export function possiblePaths(value: Mapping): readonly string[] {
  return Object.entries(value).flatMap(([field, inner]) => (NO_PATHS.has(field) ? [] : pathTexts(inner)))
}

/** Every text at any depth that may be a path, also behind a `=`. */
export function pathTexts(value: unknown): readonly string[] {
  if (typeof value === 'string') {
    if (!mayBePath(value)) return []
    const equals = value.indexOf('=')
    return equals === -1 ? [value] : [value, value.slice(equals + 1)]
  }
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(pathTexts) : []
}

/** PATH_MAX of Linux, and one line: anything else is an inline patch or a literal. */
function mayBePath(text: string): boolean {
  return text !== '' && text.length <= 4096 && !text.includes('\n')
}

/**
 * Does kustomize fetch what this names? As api/internal/git/repospec.go and api/internal/oci have it: a scheme, a user
 * at a host, or github.com by itself. `gh:` is for GitHub to those who have told git so.
 */
export function isRemote(text: string): boolean {
  return /^(?:git::|(?:ssh|https?|file|oci|oci-layout|git):\/\/|gh:|[a-z][a-z0-9-]*@[^/]*[:/]|(?:(?:ssh|www)\.)?github\.com[:/])/i.test(
    text,
  )
}

/** Fields that bring objects, or look at them, and leave what others bring alone. */
const ADDING = ['resources', 'bases', 'generators', 'validators']

function texts(value: Mapping, field: string, kind: Reference['kind']): readonly Reference[] {
  const alters = !ADDING.includes(field)
  const vital = alters && kind !== 'component'
  return list(value, field).flatMap(({ item, route }) =>
    typeof item === 'string' && mayBePath(item) && !isInline(item, field)
      ? [{ text: item, route, kind, cut: route, vital, alters }]
      : [],
  )
}

/** Patches and configurations may stand in the kustomization itself, on one line, too. */
function isInline(item: string, field: string): boolean {
  const inline = ['patchesStrategicMerge', 'generators', 'transformers', 'validators'].includes(field)
  return inline && (item.trimStart().startsWith('{') || item.includes(': '))
}

function paths(value: Mapping, field: string): readonly Reference[] {
  return list(value, field).flatMap(({ item, route }): readonly Reference[] => {
    const path = text(mapping(item).path)
    if (path === null) return []
    return [{ text: path, route: [...route, 'path'], kind: 'file', cut: route, vital: true, alters: true }]
  })
}

function openapi(value: Mapping): readonly Reference[] {
  const path = text(mapping(value.openapi).path)
  if (path === null) return []
  return [
    { text: path, route: ['openapi', 'path'], kind: 'file', cut: ['openapi'], vital: true, alters: true },
  ]
}

/** `files` are `path` or `key=path` (ParseFileSource), `env` and `envs` are paths. */
function generatorFiles(value: Mapping, field: string): readonly Reference[] {
  return list(value, field).flatMap(({ item, route }) => {
    const generator = mapping(item)
    const single = text(generator.env)
    const named = [
      ...(single === null ? [] : [{ item: single as unknown, route: ['env'] as Route }]),
      ...list(generator, 'envs'),
      ...list(generator, 'files'),
    ]
    return named.flatMap((entry): readonly Reference[] => {
      if (typeof entry.item !== 'string') return []
      const path = entry.route[0] === 'files' ? entry.item.slice(entry.item.indexOf('=') + 1) : entry.item
      if (!mayBePath(path)) return []
      const at = [...route, ...entry.route]
      return [{ text: path, route: at, kind: 'file', cut: at, vital: true, alters: false }]
    })
  })
}

function valueFiles(value: Mapping): readonly Reference[] {
  const charts = [
    ...list(value, 'helmCharts').map((entry) => [entry, 'valuesFile'] as const),
    ...list(value, 'helmChartInflationGenerator').map((entry) => [entry, 'values'] as const),
  ]
  return charts.flatMap(([{ item, route }, field]) => {
    const entry = mapping(item)
    const files = [{ item: entry[field], route: [field] as Route }, ...list(entry, 'additionalValuesFiles')]
    return files.flatMap((file): readonly Reference[] =>
      typeof file.item === 'string' && mayBePath(file.item)
        ? [
            {
              text: file.item,
              route: [...route, ...file.route],
              kind: 'file',
              cut: route,
              vital: false,
              alters: false,
            },
          ]
        : [],
    )
  })
}

/** The members of a list in a field, each with its route; none where it is no list. */
function list(value: Mapping, field: string): readonly { readonly item: unknown; readonly route: Route }[] {
  const found = value[field]
  return Array.isArray(found) ? found.map((item: unknown, index) => ({ item, route: [field, index] })) : []
}

function mapping(value: unknown): Mapping {
  return isMapping(value) ? value : {}
}

function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function text(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null
}
