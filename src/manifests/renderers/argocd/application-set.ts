// An ApplicationSet as the Applications that it makes of this tree (GenerateApplications in
// applicationset/controllers/template/template.go). A generated Application has no text of its own: what it says
// stands in the template.
import { absent, get, items, rootField, text } from '../../../core/kubernetes/field.ts'
import type { Field } from '../../../core/kubernetes/field.ts'
import { nameIn } from '../../../core/kubernetes/identity.ts'
import { namespaceOf } from '../../../core/kubernetes/manifest.ts'
import type { Manifest } from '../../../core/kubernetes/manifest.ts'
import { textAt, valueAt } from '../../../core/kubernetes/origin.ts'
import type { Layer, Origin } from '../../../core/kubernetes/origin.ts'
import type { Problem } from '../../../core/source/problem.ts'
import type { Route } from '../../../core/yaml/types.ts'
import type { Kitchen } from '../../unit.ts'
import { generatorsIn, paramsOf } from './generators.ts'
import { flag, titleOf } from './object.ts'
import { replaceIn } from './template.ts'
import type { Params, Syntax } from './template.ts'
import { BUDGET, CHEAP, MAX_APPLICATIONS, give, isMap, spend } from './world.ts'
import type { World } from './world.ts'
import { problemsOf } from './troubles.ts'

export interface Generated {
  readonly applications: readonly Manifest[]
  readonly problems: readonly Problem[]
  /** Files whose text is needed first; then the rest is not the whole answer. */
  readonly wanted: ReadonlySet<string>
  readonly inputs: ReadonlySet<string>
}

const TEMPLATE: Route = ['spec', 'template']

/** What an ApplicationSet makes, as far as `texts` tell. `home`: the namespace of one that names none. */
export function generateApplications(
  manifest: Manifest,
  home: string | null,
  shelf: Pick<Kitchen, 'tree' | 'isThisTree'>,
  texts: ReadonlyMap<string, string | null>,
): Generated {
  const title = titleOf(manifest, home)
  const spec = get(rootField(manifest.object), 'spec')
  const template = get(spec, 'template')
  const world: World = {
    syntax: syntaxOf(spec),
    shelf,
    texts,
    wanted: new Set(),
    inputs: new Set(),
    troubles: [],
    budget: BUDGET,
  }
  const applications: Manifest[] = []
  const wrong = whyNone(manifest, spec, template)
  if (wrong !== null) give(world, wrong.code, wrong.route, wrong.why)
  else {
    const origin = originOf(manifest, title)
    for (const item of items(get(spec, 'generators'))) {
      for (const generator of generatorsIn(item)) {
        const params = paramsOf(generator, {}, world, 0)
        if (params === null) continue
        const own = get(generator.field, 'template')
        const merged = absent(own) ? template.value : filled(own.value, template.value)
        applications.push(...applicationsOf({ manifest, origin, template: merged, params, world }))
      }
    }
  }
  if (applications.length > MAX_APPLICATIONS) {
    const why = `makes ${String(applications.length)} Applications, where at most ${String(MAX_APPLICATIONS)} are looked at`
    give(world, 'too-many-applications', ['spec', 'generators'], why)
    applications.length = 0
  }
  return {
    applications: once(applications, world),
    problems: problemsOf(manifest, title, namespaceIn(template), world.troubles, spec.faults),
    wanted: world.wanted,
    inputs: world.inputs,
  }
}

function syntaxOf(spec: Field): Syntax {
  const options = items(get(spec, 'goTemplateOptions')).map((option) => text(option))
  return { isGo: flag(get(spec, 'goTemplate')), isStrict: options.includes('missingkey=error') }
}

function whyNone(
  { object }: Manifest,
  spec: Field,
  template: Field,
): {
  readonly code: 'invalid-applicationset' | 'template-not-supported'
  readonly route: Route
  readonly why: string
} | null {
  if (absent(spec)) return { code: 'invalid-applicationset', route: [], why: 'has no spec' }
  if (!absent(get(get(rootField(object), 'metadata'), 'deletionTimestamp')))
    return { code: 'invalid-applicationset', route: ['metadata'], why: 'is being deleted' }
  if (!isMap(template.value))
    return { code: 'invalid-applicationset', route: TEMPLATE, why: 'has no template' }
  const patch = get(spec, 'templatePatch')
  if (absent(patch)) return null
  return {
    code: 'template-not-supported',
    route: patch.route,
    why: 'has a templatePatch, which is not applied here',
  }
}

/** The namespace that all of its Applications fill; null where each may fill another. */
function namespaceIn(template: Field): string | null {
  const value = valueAt(template.value, ['spec', 'destination', 'namespace'])
  return typeof value === 'string' && value !== '' && !value.includes('{{') ? value : null
}

interface Making {
  readonly manifest: Manifest
  readonly origin: Origin
  readonly template: unknown
  readonly params: readonly Params[]
  readonly world: World
}

/** What of an Application decides what it makes; what else stands in a template need not be understood. */
const DECIDING = ['source', 'sources', 'sourceHydrator', 'destination', 'syncPolicy', 'project']

function applicationsOf({ manifest, origin, template, params, world }: Making): readonly Manifest[] {
  const part = decidingPart(template)
  const size = JSON.stringify(part, (_, value: unknown) =>
    typeof value === 'bigint' ? String(value) : value,
  ).length
  if (!spend(world, (size * params.length) / CHEAP, TEMPLATE)) return []
  const namespace = namespaceOf(manifest.object)
  return params.flatMap((some): Manifest[] => {
    const made = replaceIn(part, some, world.syntax)
    const left = made.ok ? unreplaced(made.value, world.syntax) : null
    if (!made.ok || left !== null) {
      const isSeen = !made.ok && made.kind === 'unsupported'
      const what = made.ok ? `${left ?? ''}, which is not among its parameters` : made.why
      const code = isSeen ? 'template-not-supported' : 'invalid-applicationset'
      give(world, code, TEMPLATE, `has a template that asks for ${what}`)
      return []
    }
    const { name, spec } = made.value as { readonly name: unknown; readonly spec: unknown }
    const metadata = { name, ...(namespace === null ? {} : { namespace }) }
    const object = { apiVersion: manifest.apiVersion, kind: 'Application', metadata, spec }
    return [{ apiVersion: manifest.apiVersion, kind: 'Application', object, origin }]
  })
}

function decidingPart(template: unknown): Readonly<Record<string, unknown>> {
  const spec = valueAt(template, ['spec'])
  const entries = DECIDING.flatMap((key): [string, unknown][] => {
    const value = valueAt(spec, [key])
    return value === undefined ? [] : [[key, value]]
  })
  return { name: valueAt(template, ['metadata', 'name']), spec: Object.fromEntries(entries) }
}

/** In the older syntax, what is no parameter stays as it is: legal in values of a chart, and no name of anything. */
function unreplaced(made: unknown, { isGo }: Syntax): string | null {
  if (isGo) return null
  const spec = valueAt(made, ['spec'])
  const sources = valueAt(spec, ['sources'])
  const places = [
    valueAt(made, ['name']),
    ...['server', 'name', 'namespace'].map((key) => valueAt(spec, ['destination', key])),
    ...[
      valueAt(spec, ['source']),
      ...(Array.isArray(sources) ? (sources as readonly unknown[]) : []),
    ].flatMap((source) =>
      ['repoURL', 'path', 'chart', 'targetRevision'].map((key) => valueAt(source, [key])),
    ),
  ]
  for (const place of places) {
    const found = typeof place === 'string' ? /\{\{.*?\}\}/.exec(place) : null
    if (found !== null) return found[0]
  }
  return null
}

/** The template of a generator, with what it leaves open from that of the set (mergo without override). */
function filled(own: unknown, base: unknown): unknown {
  if (!isMap(own) || !isMap(base)) return isZero(own) ? base : own
  const entries = new Map(Object.entries(base))
  for (const [key, value] of Object.entries(own)) {
    // A raw extension is one piece to Argo CD.
    if (key === 'valuesObject') entries.set(key, value ?? entries.get(key))
    else entries.set(key, filled(value, entries.get(key)))
  }
  return Object.fromEntries(entries)
}

function isZero(value: unknown): boolean {
  return !value || (Array.isArray(value) && value.length === 0)
}

/** The text of the template, as the origin of each Application: `making.object` is the template as it is written. */
function originOf(manifest: Manifest, title: string): Origin {
  const { origin, object } = manifest
  const template = valueAt(object, TEMPLATE)
  const whole = textAt(origin, TEMPLATE)
  const layers: readonly Layer[] =
    whole === null
      ? (origin.making?.layers ?? []).flatMap((layer) => {
          const isInside = layer.mount !== null && TEMPLATE.every((part, at) => layer.mount?.[at] === part)
          return isInside ? [{ ...layer, mount: layer.mount?.slice(TEMPLATE.length) ?? null }] : []
        })
      : [{ ...whole.layer, route: whole.route, mount: [], value: template }]
  const [last] = layers
  return {
    file: last?.file ?? origin.file,
    document: last?.document ?? origin.document,
    route: last?.route ?? origin.route,
    editable: origin.editable,
    making: {
      by: title,
      object: isMap(template) ? template : {},
      layers,
      sourceName: nameIn({ object: isMap(template) ? template : {} }),
      host: null,
      patchable: false,
    },
  }
}

/** The first of each name: the controller refuses the others. */
function once(applications: readonly Manifest[], world: World): readonly Manifest[] {
  const names = new Set<string>()
  return applications.filter((application) => {
    const name = nameIn(application)
    if (!names.has(name)) return names.add(name)
    give(world, 'invalid-applicationset', TEMPLATE, `makes more than one Application of the name ${name}`)
    return false
  })
}
