// Which text an addition to a list would be written into, where the object itself may say more than any text does.
import { isEqual, textAt, valueAt } from '../kubernetes/origin.ts'
import type { Making, Origin, TextAt } from '../kubernetes/origin.ts'
import type { Route } from '../yaml/types.ts'

/** The text that gave the list at `route`, or the mapping that it would be in, and the list's place there. */
export function textOf(origin: Origin, route: Route): TextAt | null {
  const { making } = origin
  if (making === null) return textAt(origin, route)
  const container = Array.isArray(valueAt(making.object, route)) ? route : route.slice(0, -1)
  const found = textAt(origin, container) ?? textLike(making, container)
  return found === null ? null : { ...found, route: [...found.route, ...route.slice(container.length)] }
}

/**
 * Labels that a kustomization adds to every selector change a spec wherever it has one, and then no text says quite
 * what the object says. The last text with a list as long, or a mapping of the same keys, is tried: the proof decides.
 */
function textLike({ layers, object }: Making, route: Route): TextAt | null {
  const wanted = shapeOf(valueAt(object, route))
  for (const layer of layers) {
    const { mount } = layer
    if (mount === null || mount.some((part, at) => route[at] !== part)) continue
    const rest = route.slice(mount.length)
    if (wanted !== null && isEqual(shapeOf(valueAt(layer.value, rest)), wanted))
      return { layer, route: [...layer.route, ...rest] }
  }
  return null
}

function shapeOf(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return null
  return Array.isArray(value)
    ? value.length
    : Object.fromEntries(Object.keys(value).map((key) => [key, true]))
}
