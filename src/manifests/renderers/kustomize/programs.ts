// Generators and transformers that are programs of their own, which kustomize runs only where it is told to, and nobody does
// here: kubectl.docs.kubernetes.io/guides/extending_kustomize.
import type { Place } from '../../../core/kubernetes/origin.ts'
import type { Problem } from '../../../core/source/problem.ts'
import { readAll } from './file.ts'
import type { KustomizationFile } from './file.ts'
import { around, nameOf } from './trouble.ts'

export interface Programs {
  /** As the configuration names them, each once: `viaduct.ai/v1 ksops`. */
  readonly names: readonly string[]
  /** Does all of the configuration make Secrets and nothing else? */
  readonly ofSecrets: boolean
}

/**
 * The programs of a configuration; null where it has none. What kustomize does itself is of the API `builtin`
 * (api/internal/plugins/loader).
 * @param read gives the text of a file beside it; null where there is none
 */
export async function programsOf(
  text: string,
  read: (path: string) => Promise<string | null>,
): Promise<Programs | null> {
  const names = new Set<string>()
  let ofSecrets = true
  for (const value of readAll(text)) {
    if (typeof value !== 'object' || value === null) continue
    const { apiVersion, kind, files = [] } = value as Readonly<Record<string, unknown>>
    if (typeof kind !== 'string') continue
    // What kustomize does itself is left out with a program of the same file.
    if (apiVersion === 'builtin') {
      ofSecrets = false
      continue
    }
    const api = typeof apiVersion === 'string' ? apiVersion : ''
    const texts = Array.isArray(files)
      ? await Promise.all(files.map(async (file) => (typeof file === 'string' ? read(file) : null)))
      : [null]
    ofSecrets &&= KSOPS.test(api) && texts.every((one) => one !== null && holdsSecrets(one))
    names.add(`${api} ${kind}`.trim())
  }
  return names.size === 0 ? null : { names: [...names], ofSecrets }
}

/** It decrypts files, in which kinds stay readable: github.com/viaduct-ai/kustomize-sops. */
const KSOPS = /^viaduct\.ai\//

function holdsSecrets(text: string): boolean {
  const kinds = readAll(text).map((value) => (value as { readonly kind?: unknown } | null)?.kind)
  return kinds.length > 0 && kinds.every((kind) => kind === 'Secret')
}

/** What to do about a program. */
export const INSTEAD = 'Keep what it makes in the tree, or state it under `assume`.'

/**
 * What makes nothing but Secrets is told, and bears on nothing. `alters`: others are changed by it, and are nothing that
 * can be judged without it.
 */
export function notRun(
  at: Place,
  { names, ofSecrets }: Programs,
  alters: boolean,
  by: KustomizationFile,
): Problem {
  return {
    ...at,
    code: 'plugin-not-supported',
    class: 'unseen',
    message: `The kustomization in ${nameOf(by.folder)} has a program run, ${names.join(', ')}, which is not run here: it was ${alters ? 'not rendered' : 'rendered without it'}.`,
    remedy: INSTEAD,
    hides: around(by),
    ...(ofSecrets && !alters ? { moot: true } : {}),
  }
}
