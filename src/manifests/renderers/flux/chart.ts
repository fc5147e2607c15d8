// The chart of a HelmRelease: a folder of this tree, or a chart of a repository elsewhere, which whoever renders it
// fetches or tells of. https://fluxcd.io/flux/components/helm/helmreleases/#chart-template
import { get, items, rootField } from '../../../core/kubernetes/field.ts'
import type { Field } from '../../../core/kubernetes/field.ts'
import type { Problem } from '../../../core/source/problem.ts'
import type { Route } from '../../../core/yaml/types.ts'
import { joinPath } from '../../source-tree.ts'
import type { ChartSource, Waiting } from '../../unit.ts'
import { SOURCES, isFound, lost, missing, pathInSource, refAt } from './git-source.ts'
import type { Lost, Wanted } from './git-source.ts'
import { filesOf, flag, isWaiting, optionalText, told } from './object.ts'
import type { Ask, Shelf } from './object.ts'
import { everySourceOf, sourceOf } from './sources.ts'

export interface Chart {
  readonly source: ChartSource
  /** Paths of this tree, weakest first. */
  readonly valueFiles: readonly string[]
  readonly ignoresOwnValues: boolean
  /** Does another version in Chart.yaml alone make a new artifact of it? */
  readonly byVersion: boolean
  readonly problems: readonly Problem[]
  readonly inputs: readonly string[]
}

const TEMPLATE: Route = ['spec', 'chart', 'spec']
const REF: Route = ['spec', 'chartRef']

/** What a release of a chart reads, or why that is not known. */
export function chartOf(shelf: Shelf, ask: Ask): Chart | Lost | Waiting {
  const chart = get(ask.spec, 'chart')
  const reference = refAt(get(ask.spec, 'chartRef'), ask.namespace)
  const wanted = { path: '.', route: REF }
  if (reference === null) {
    const template = get(chart, 'spec')
    if (get(chart, 'kind').value === 'OCIRepository') return ociChart(ask, template, [], [...TEMPLATE, 'url'])
    return templateOf(shelf, ask, template, ask.namespace, [...TEMPLATE, 'chart'])
  }
  if (reference.kind === 'OCIRepository' || reference.kind === 'HelmChart') {
    const found = shelf.find(`${SOURCES}/${reference.kind}`, reference.namespace, reference.name)
    if (found === null) return missing(shelf, ask, { ...wanted, path: 'its chart', ref: reference })
    const spec = get(rootField(found.object), 'spec')
    return reference.kind === 'OCIRepository'
      ? ociChart(ask, spec, filesOf(found), REF)
      : withInputs(templateOf(shelf, ask, spec, reference.namespace, REF), filesOf(found))
  }
  return folderChart(shelf, ask, { ...wanted, ref: reference }, null)
}

/** The folder of this tree that holds the chart, or may: of several that may, every one. */
export function chartFolders(shelf: Shelf, ask: Ask): readonly string[] {
  const reference = refAt(get(ask.spec, 'chartRef'), ask.namespace)
  if (reference?.kind === 'ExternalArtifact')
    return everySourceOf(shelf, ask, { ref: reference, path: '.', route: REF }).flatMap((source) =>
      isFound(source) ? [source.path] : [],
    )
  const chart = chartOf(shelf, ask)
  return 'source' in chart && chart.source.kind === 'folder' ? [chart.source.folder] : []
}

/** The spec of a HelmChart, as the template of one or as an object. */
function templateOf(
  shelf: Shelf,
  ask: Ask,
  template: Field,
  home: string,
  route: Route,
): Chart | Lost | Waiting {
  const name = optionalText(get(template, 'chart'))
  const ref = refAt(get(template, 'sourceRef'), home)
  if (name === null || ref === null) return noChart(ask, route)
  if (ref.kind !== 'HelmRepository') {
    const path = pathInSource(name)
    if (path !== null) return folderChart(shelf, ask, { ref, path, route }, template)
    return lost(
      ask,
      { ref, path: name, route },
      {
        code: 'path-outside',
        class: 'unreadable',
        message: `${ask.title} takes its chart from ${JSON.stringify(name)}, which leaves its source.`,
        remedy: 'Write a path below the root of the source.',
      },
    )
  }
  const found = shelf.find(`${SOURCES}/HelmRepository`, ref.namespace, ref.name)
  if (found === null) return missing(shelf, ask, { ref, path: `the chart ${name}`, route })
  const url = optionalText(get(get(rootField(found.object), 'spec'), 'url'))
  if (url === null) return noChart(ask, route)
  const version = optionalText(get(template, 'version')) ?? '*'
  const named = valueFilesOf(template)
  return {
    source: { kind: 'remote', url: withoutSlash(url), name, version },
    valueFiles: [],
    ignoresOwnValues: false,
    byVersion: false,
    problems: named.length === 0 ? [] : [valuesInChart(ask, named, route)],
    inputs: filesOf(found),
  }
}

/** An OCIRepository names one chart by its whole URL. Of its references, the digest comes first, then the range. */
function ociChart(ask: Ask, spec: Field, inputs: readonly string[], route: Route): Chart | Lost {
  const url = withoutSlash(optionalText(get(spec, 'url')) ?? '')
  const cut = url.lastIndexOf('/')
  if (cut <= 0) return noChart(ask, route)
  const [version] = ['digest', 'semver', 'tag'].flatMap(
    (key) => optionalText(get(get(spec, 'ref'), key)) ?? [],
  )
  return {
    source: {
      kind: 'remote',
      url: url.slice(0, cut),
      name: url.slice(cut + 1),
      version: version ?? 'latest',
    },
    valueFiles: [],
    ignoresOwnValues: false,
    byVersion: false,
    problems: [],
    inputs,
  }
}

/** `template` says which value files there are; null: none can be named. */
function folderChart(shelf: Shelf, ask: Ask, wanted: Wanted, template: Field | null): Chart | Lost | Waiting {
  const found = sourceOf(shelf, ask, wanted)
  if (isWaiting(found) || !isFound(found)) return found
  const { path: folder } = found
  const metadata = joinPath(folder, 'Chart.yaml')
  const inputs = [...found.inputs, metadata]
  if (shelf.tree.kindOf(metadata) !== 'file') {
    const isPacked = shelf.tree.kindOf(folder) === 'file' && folder.endsWith('.tgz')
    const problem = told(ask, wanted.route, {
      code: isPacked ? 'packed-chart' : 'missing-chart',
      class: isPacked ? 'unseen' : 'unreadable',
      message: isPacked
        ? `${ask.title} takes the packed chart ${folder}, which is not unpacked.`
        : `${ask.title} takes its chart from ${folder}, where there is no Chart.yaml.`,
      remedy: isPacked ? 'Keep the chart in the tree as a folder.' : 'Correct the path of the chart.',
      hides: { ...ask.hides, under: [folder] },
    })
    return { problem, inputs: [...inputs, folder] }
  }
  const named = template === null ? [] : valueFilesOf(template)
  const mayBeMissing = template !== null && flag(get(template, 'ignoreMissingValuesFiles'))
  const problems: Problem[] = []
  const valueFiles = named.flatMap((text) => {
    const path = pathInSource(text)
    if (path !== null && shelf.tree.kindOf(path) === 'file') return [path]
    if (path === null || !mayBeMissing) problems.push(missingValues(ask, text, wanted.route))
    return []
  })
  return {
    source: { kind: 'folder', folder },
    valueFiles,
    ignoresOwnValues: named.length > 0,
    // "ChartVersion" is the default; an artifact without a template is taken as it is.
    byVersion: template !== null && optionalText(get(template, 'reconcileStrategy')) !== 'Revision',
    problems: [...found.problems, ...problems],
    inputs: [...inputs, ...named.flatMap((text) => pathInSource(text) ?? [])],
  }
}

/**
 * "Alternative list of values files to use as the chart values (values.yaml is not included by default)"; the list of
 * values.yaml alone is none (`GetValuesFiles` of source-controller, internal/helm/chart/builder.go).
 */
function valueFilesOf(template: Field): readonly string[] {
  const first = optionalText(get(template, 'valuesFile'))
  const others = items(get(template, 'valuesFiles')).flatMap((field) => optionalText(field) ?? [])
  const files = [...(first === null ? [] : [first]), ...others]
  return files.length === 1 && pathInSource(files[0] ?? '') === 'values.yaml' ? [] : files
}

function noChart(ask: Ask, route: Route): Lost {
  const problem = told(ask, route, {
    code: 'no-chart',
    class: 'unreadable',
    message: `${ask.title} names no chart: it needs a chart with a name and a sourceRef that has a URL, or a chartRef.`,
    remedy: 'Name the chart and the source that holds it.',
  })
  return { problem, inputs: [] }
}

function missingValues(ask: Ask, file: string, route: Route): Problem {
  return told(ask, route, {
    code: 'missing-value-file',
    class: 'unreadable',
    message: `${ask.title} names the value file ${file}, which is not in its source.`,
    remedy: 'Correct the path, which begins at the root of the source, or set ignoreMissingValuesFiles.',
  })
}

function valuesInChart(ask: Ask, files: readonly string[], route: Route): Problem {
  return told(ask, route, {
    code: 'value-file-in-chart',
    class: 'unseen',
    message: `${ask.title} takes values from ${files.join(', ')} of its chart, which is not in the tree: they are left out.`,
    remedy: 'Keep a copy of the chart in the tree, or write the values in spec.values.',
  })
}

function withInputs(chart: Chart | Lost | Waiting, inputs: readonly string[]): Chart | Lost | Waiting {
  return isWaiting(chart) ? chart : { ...chart, inputs: [...chart.inputs, ...inputs] }
}

function withoutSlash(url: string): string {
  return url.replace(/\/+$/, '')
}
