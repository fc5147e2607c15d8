// What a patch that goes by the index of a list believes to find there. Somebody may put another rule before it in the
// base; a JSON patch would then open a port to others than was meant. `test` operations (RFC 6902, section 4.6) say
// what has to stand there, and kustomize does not build where it does not.
import { valueAt } from '../kubernetes/origin.ts'
import type { Origin } from '../kubernetes/origin.ts'
import type { SourceFile } from '../source/text.ts'
import { readDocument, splitDocuments } from '../yaml/index.ts'
import type { Route, YamlPatch } from '../yaml/types.ts'
import { textOf } from './text-of.ts'

export interface Guard {
  readonly route: Route
  /** What stands there when patches of the kustomization are applied; null where nothing may stand. */
  readonly value: unknown
}

/** Of a patch of the object of `origin`, in the kustomization of `host`; none where it goes through no list. */
export function guardsOf(origin: Origin, patch: YamlPatch, host: SourceFile): readonly Guard[] {
  const object = origin.making?.object ?? {}
  const { route, op } = patch
  const routes = route.flatMap((step, at) =>
    typeof step === 'number' ? tellingParts(object, route.slice(0, at + 1)) : [],
  )
  const labels = selectorLabels(host)
  const guards = routes.map((at): Guard => ({ route: at, value: asPatched(origin, at, labels) }))
  const list = valueAt(object, route)
  // A list that is made would take the place of one that the base gets later.
  return op === 'append' && (list === undefined || list === null)
    ? [...guards, { route, value: null }]
    : guards
}

/**
 * Of an item of a list, what makes it the one that is meant: whom a rule admits, or whom a member of Cilium's `specs`
 * selects. Its ports may change; where it says nothing else, all of it. What stands deeper is told by the item.
 */
function tellingParts(object: unknown, item: Route): readonly Route[] {
  const list = item.at(-2)
  if (list !== 'ingress' && list !== 'egress' && list !== 'specs') return []
  const value = valueAt(object, item)
  const keys = typeof value === 'object' && value !== null ? Object.keys(value) : []
  const telling = keys.filter((key) =>
    list === 'specs' ? key.endsWith('Selector') : /^(?:from|to)/.test(key) && key !== 'toPorts',
  )
  return telling.length === 0 ? [item] : telling.sort().map((key) => [...item, key])
}

/**
 * What comes after the patches of a kustomization is not there yet: the labels that it gives to selectors (kustomize,
 * api/internal/target/kusttarget_configplugin.go has the order), and the variables that Flux fills in. Where this is
 * wrong, the kustomization does not build, and the patch is not proved.
 */
function asPatched(origin: Origin, route: Route, labels: Mapping): unknown {
  const now = valueAt(origin.making?.object, route)
  const text = textOf(origin, route)
  const written =
    text === null ? undefined : valueAt(text.layer.value, text.route.slice(text.layer.route.length))
  return written === undefined ? now : before(now, written, labels)
}

function before(now: unknown, written: unknown, labels: Mapping): unknown {
  if (typeof written === 'string' && written.includes('${')) return written
  if (Array.isArray(now)) return now.map((item, index) => before(item, valueAt(written, [index]), labels))
  if (!isMapping(now)) return now
  return Object.fromEntries(
    Object.entries(now).flatMap(([key, value]) => {
      const old = valueAt(written, [key])
      return old === undefined && labels[key] === value ? [] : [[key, before(value, old, labels)]]
    }),
  )
}

/** The labels that a kustomization adds to selectors: `commonLabels`, and `labels` with `includeSelectors`. */
function selectorLabels({ text }: SourceFile): Mapping {
  const [document] = splitDocuments(text)
  const read = document === undefined ? null : readDocument(text, document)
  if (read?.ok !== true) return {}
  const { commonLabels, labels } = mappingOf(read.value)
  const groups = (Array.isArray(labels) ? labels : []).map(mappingOf)
  const pairs = groups.flatMap(({ includeSelectors, pairs: some }) =>
    includeSelectors === true ? [some] : [],
  )
  return Object.assign({}, mappingOf(commonLabels), ...pairs.map(mappingOf)) as Mapping
}

type Mapping = Readonly<Record<string, unknown>>

function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function mappingOf(value: unknown): Mapping {
  return isMapping(value) ? value : {}
}
