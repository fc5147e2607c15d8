// Generators and transformers that are programs of their own, which kustomize runs only where it is told to, and nobody does
// here: kubectl.docs.kubernetes.io/guides/extending_kustomize.
import type { Place } from '../../../core/kubernetes/origin.ts'
import type { Problem } from '../../../core/source/problem.ts'
import { readAll } from './file.ts'
import type { KustomizationFile } from './file.ts'
import { around, nameOf } from './trouble.ts'

/** A program as its configuration names it: `viaduct.ai/v1 ksops`. */
export interface Program {
  readonly name: string
  /** Does it make Secrets and nothing else? */
  readonly ofSecrets: boolean
}

/**
 * The programs of a configuration. What kustomize does itself is of the API `builtin` (api/internal/plugins/loader).
 * @param read gives the text of a file beside it; null where there is none
 */
export async function programsOf(
  text: string,
  read: (path: string) => Promise<string | null>,
): Promise<readonly Program[]> {
  const found: Program[] = []
  for (const value of readAll(text)) {
    if (typeof value !== 'object' || value === null) continue
    const { apiVersion, kind, files = [] } = value as Readonly<Record<string, unknown>>
    if (typeof kind !== 'string' || apiVersion === 'builtin') continue
    const api = typeof apiVersion === 'string' ? apiVersion : ''
    const texts = Array.isArray(files)
      ? await Promise.all(files.map(async (file) => (typeof file === 'string' ? read(file) : null)))
      : [null]
    const ofSecrets = KSOPS.test(api) && texts.every((one) => one !== null && holdsSecrets(one))
    found.push({ name: `${api} ${kind}`.trim(), ofSecrets })
  }
  return found
}

/** It decrypts files, in which kinds stay readable: github.com/viaduct-ai/kustomize-sops. */
const KSOPS = /^viaduct\.ai\//

function holdsSecrets(text: string): boolean {
  const kinds = readAll(text).map((value) => (value as { readonly kind?: unknown } | null)?.kind)
  return kinds.length > 0 && kinds.every((kind) => kind === 'Secret')
}

/** A program that makes nothing but Secrets is told, and bears on nothing. */
export function notRun(at: Place, programs: readonly Program[], by: KustomizationFile): Problem {
  const names = [...new Set(programs.map(({ name }) => name))].join(', ')
  return {
    ...at,
    code: 'plugin-not-supported',
    class: 'unseen',
    message: `The kustomization in ${nameOf(by.folder)} has a program run, ${names}, which is not run here: it was rendered without it.`,
    remedy: 'Keep what it makes in the tree, or state it under `assume`.',
    hides: around(by),
    ...(programs.every(({ ofSecrets }) => ofSecrets) ? { moot: true } : {}),
  }
}
