// A route as people write it, counted from 0 as the API server does (k8s.io/apimachinery, pkg/util/validation/field).
import type { Route } from './types.ts'

/** `spec.ingress[0].ports`; empty for the document itself. */
export function fieldPath(route: Route): string {
  return route.reduce<string>(
    (path, part) =>
      typeof part === 'number' ? `${path}[${String(part)}]` : path === '' ? part : `${path}.${part}`,
    '',
  )
}
