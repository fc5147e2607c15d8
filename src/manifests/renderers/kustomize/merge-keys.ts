// Lists that a strategic merge joins item by item: what is first in a patch may be second in the object. Such items
// become layers of their own, each with the place where it came to stand.
import type { Layer } from '../../../core/kubernetes/origin.ts'
import { valueAt } from '../../../core/kubernetes/origin.ts'
import type { Route } from '../../../core/yaml/types.ts'

/** `patchMergeKey` of the fields of pods and Services (k8s.io/api/core/v1/types.go). */
const MERGE_KEYS: Readonly<Record<string, readonly string[]>> = {
  containers: ['name'],
  initContainers: ['name'],
  ephemeralContainers: ['name'],
  volumes: ['name'],
  env: ['name'],
  ports: ['containerPort', 'port'],
  volumeMounts: ['mountPath'],
}

type Mapping = Readonly<Record<string, unknown>>

/** The layer without the items that moved, after a layer for each of those. */
export function splitByMergeKeys(layer: Layer, object: Mapping): readonly Layer[] {
  if (layer.mount === null) return [layer]
  const moved: Layer[] = []
  const value = split(layer.value, layer.route, layer.mount, layer, object, moved)
  return [...moved, value === layer.value ? layer : { ...layer, value }]
}

function split(
  value: unknown,
  route: Route,
  mount: Route,
  layer: Layer,
  object: Mapping,
  moved: Layer[],
): unknown {
  if (!isMapping(value)) return value
  let changed = false
  const kept = Object.entries(value).flatMap(([field, inner]): [string, unknown][] => {
    const [from, to] = [
      [...route, field],
      [...mount, field],
    ]
    const result = Array.isArray(inner)
      ? splitList(inner as readonly unknown[], field, from, to, layer, object, moved)
      : split(inner, from, to, layer, object, moved)
    if (result === inner) return [[field, inner]]
    changed = true
    return result === undefined ? [] : [[field, result]]
  })
  return changed ? Object.fromEntries(kept) : value
}

/** Undefined where any item stands elsewhere in the object; the items then have layers of their own. */
function splitList(
  items: readonly unknown[],
  field: string,
  route: Route,
  mount: Route,
  layer: Layer,
  object: Mapping,
  moved: Layer[],
): unknown {
  const there = valueAt(object, mount)
  const keys = MERGE_KEYS[field]
  if (keys === undefined || !Array.isArray(there)) return items
  const places = items.map((item) => placeOf(item, keys, there as readonly unknown[]))
  const stays = places.every((place, index) => place === -1 || place === index)
  if (stays) {
    const split_ = items.map((item, index) =>
      split(item, [...route, index], [...mount, index], layer, object, moved),
    )
    return split_.every((item, index) => item === items[index]) ? items : split_
  }
  for (const [index, place] of places.entries()) {
    if (place === -1) continue
    const inner: Layer = { ...layer, route: [...route, index], mount: [...mount, place], value: items[index] }
    moved.push(...splitByMergeKeys(inner, object))
  }
  return undefined
}

function placeOf(item: unknown, keys: readonly string[], there: readonly unknown[]): number {
  if (!isMapping(item)) return -1
  const key = keys.find((each) => item[each] !== undefined)
  return key === undefined ? -1 : there.findIndex((other) => isMapping(other) && other[key] === item[key])
}

function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
