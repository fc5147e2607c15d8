// A HelmRelease of Flux: a release of a chart. A suspended one is rendered, too: what it installed stays. Nothing is
// made of install.createNamespace: Helm makes a namespace without labels, and only where none is; what it has by then
// is as unknown as without it. https://fluxcd.io/flux/components/helm/helmreleases/
import { createHash } from 'node:crypto'
import { get, items, labelsField } from '../../../core/kubernetes/field.ts'
import type { Field } from '../../../core/kubernetes/field.ts'
import { placeOf } from '../../../core/kubernetes/origin.ts'
import type { Host } from '../../../core/kubernetes/origin.ts'
import type { Problem } from '../../../core/source/problem.ts'
import type { HelmUnit, Kitchen, Rendering, Waiting } from '../../unit.ts'
import { readDocument, splitDocuments } from '../../../core/yaml/index.ts'
import { CHART_PARTS } from '../../listing.ts'
import { joinPath } from '../../source-tree.ts'
import type { SourceTree } from '../../source-tree.ts'
import { chartOf } from './chart.ts'
import type { Chart } from './chart.ts'
import { clusterOf, flag, isWaiting, mappingAt, optionalText, rendering, suspended, told } from './object.ts'
import type { Ask } from './object.ts'
import { valuesOf } from './values.ts'

/** `host` is where something can be added beside the release. */
export async function renderHelmRelease(
  ask: Ask,
  kitchen: Kitchen,
  host: Host | null,
): Promise<Rendering | Waiting> {
  const chart = chartOf(kitchen, ask)
  if (isWaiting(chart)) return chart
  if ('problem' in chart) return rendering(ask, [], [chart.problem], chart.inputs)
  const values = valuesOf(ask, kitchen)
  if (isWaiting(values)) return values
  const { spec } = ask
  const target = optionalText(get(spec, 'targetNamespace'))
  const unit: HelmUnit = {
    kind: 'helm',
    title: ask.title,
    namespace: target ?? ask.namespace,
    cluster: clusterOf(spec),
    at: placeOf(ask.manifest.origin, chartRoute(spec)),
    host,
    chart: chart.source,
    release: releaseName(
      optionalText(get(spec, 'releaseName')) ?? (target === null ? ask.name : `${target}-${ask.name}`),
    ),
    valueFiles: chart.valueFiles,
    ...(chart.ignoresOwnValues ? { ignoresOwnValues: true } : {}),
    values: values.values,
    sets: values.sets,
    apiVersions: [],
    kubeVersion: null,
    skipCrds: skipsCrds(spec),
  }
  const kept = await keptVersion(ask, kitchen.tree, chart)
  const folder = chart.source.kind === 'folder' ? [chart.source.folder] : []
  const paused = suspended(ask, [...folder, ...chart.valueFiles])
  const problems = [...chart.problems, ...values.problems, ...changedAfterwards(ask), ...kept, ...paused]
  return rendering(ask, [unit], problems, [...chart.inputs, ...values.inputs])
}

function chartRoute(spec: Field): readonly string[] {
  return get(spec, 'chartRef').value === undefined ? ['spec', 'chart', 'spec', 'chart'] : ['spec', 'chartRef']
}

/**
 * "Chart name from cached chart matches resolved name" and "Chart version from cached chart matches calculated version":
 * then source-controller packages nothing anew (internal/helm/chart/builder_local.go). Told where a change touches the
 * chart and leaves what is named here as it was.
 */
async function keptVersion(
  ask: Ask,
  tree: SourceTree,
  { source, byVersion, valueFiles }: Chart,
): Promise<readonly Problem[]> {
  if (!byVersion || source.kind !== 'folder') return []
  const path = joinPath(source.folder, 'Chart.yaml')
  const text = (await tree.text(path))?.text ?? ''
  const read = readDocument(text, splitDocuments(text)[0] ?? { start: 0, end: 0 })
  const { name, version } = (read.ok ? (read.value ?? {}) : {}) as Readonly<Record<string, unknown>>
  return [
    {
      path,
      line: 1,
      code: 'chart-version-kept',
      class: 'unseen',
      message: `${ask.title} takes the chart ${String(name)} ${String(version)} from ${source.folder}, and Flux packages that version once: what else changes in it is not installed until the version changes.`,
      remedy:
        'Raise the version in Chart.yaml, or set reconcileStrategy: Revision in the chart of the release.',
      hides: {
        namespaces: ask.hides.namespaces,
        under: [
          ...['Chart.yaml', 'values.yaml', ...CHART_PARTS].map((part) => joinPath(source.folder, part)),
          ...valueFiles,
        ],
      },
    },
  ]
}

/** Helm's limit, and `ShortenName` of helm-controller, internal/release/name.go. */
const MAX_RELEASE_NAME = 53
const HASH_LENGTH = 12

function releaseName(name: string): string {
  if (name.length <= MAX_RELEASE_NAME) return name
  const hash = createHash('sha256').update(name).digest('hex').slice(0, HASH_LENGTH)
  return `${name.slice(0, MAX_RELEASE_NAME - HASH_LENGTH - 1)}-${hash}`
}

/** CRDs come with the install unless it skips them, and then still where an upgrade brings them. */
function skipsCrds(spec: Field): boolean {
  const install = get(spec, 'install')
  const skips = optionalText(get(install, 'crds')) === 'Skip' || flag(get(install, 'skipCRDs'))
  return skips && ['Skip', null].includes(optionalText(get(get(spec, 'upgrade'), 'crds')))
}

/** What Flux does to the output of the chart, unless it changes nothing that is judged here. */
function changedAfterwards(ask: Ask): readonly Problem[] {
  const changes = items(get(ask.spec, 'postRenderers')).flatMap((renderer) =>
    ['patches', 'patchesStrategicMerge', 'patchesJson6902']
      .map((key) => get(get(renderer, 'kustomize'), key))
      .filter((field) => items(field).length > 0),
  )
  const others = items(get(ask.spec, 'postRenderers')).flatMap((renderer) =>
    Object.keys(mappingAt(renderer) ?? {})
      .filter((key) => key !== 'kustomize')
      .map((key) => get(renderer, key)),
  )
  const labels = get(get(ask.spec, 'commonMetadata'), 'labels')
  const enrols = Object.keys(labelsField(labels)).some((key) => key.includes('istio.io/'))
  const first = [...changes, ...others, ...(enrols ? [labels] : [])][0]
  if (first === undefined) return []
  return [
    told(ask, first.route, {
      code: 'post-renderer-not-supported',
      class: 'unseen',
      message: `${ask.title} changes what its chart renders by ${first.route.slice(1).join('.')}, which is not evaluated.`,
      remedy: 'Where it changes labels, ports or policies, say the same by values of the chart.',
    }),
  ]
}
