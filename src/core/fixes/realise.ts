// Symbolic patches become edits of files, or the reason why a file is not edited.
import type { Origin } from '../kubernetes/origin.ts'
import { applyEdits } from '../source/text.ts'
import type { SourceFile, TextEdit } from '../source/text.ts'
import { patchDocument } from '../yaml/index.ts'
import type { YamlPatch } from '../yaml/types.ts'
import type { PolicyPatch } from './plan.ts'

export interface FileEdit {
  readonly file: SourceFile
  readonly edits: readonly TextEdit[]
  /** The text of the file once edited. */
  readonly after: string
}

export type Realised =
  { readonly ok: true; readonly files: readonly FileEdit[] } | { readonly ok: false; readonly reason: string }

/** Equal patches are applied once; files come in path order. */
export function realise(patches: readonly PolicyPatch[]): Realised {
  const documents = new Map<string, { readonly origin: Origin; readonly patches: Map<string, YamlPatch> }>()
  for (const { policy, patch } of patches) {
    const { origin } = policy
    const key = `${origin.file.path}\n${String(origin.document.index)}`
    const entry = documents.get(key) ?? { origin, patches: new Map<string, YamlPatch>() }
    const whole = { ...patch, route: [...origin.route, ...patch.route] }
    entry.patches.set(JSON.stringify(whole), whole)
    documents.set(key, entry)
  }
  const files = new Map<string, { file: SourceFile; edits: TextEdit[] }>()
  for (const { origin, patches: wanted } of documents.values()) {
    const { file, document } = origin
    const patched = patchDocument(file.text, document, [...wanted.values()])
    if (!patched.ok) return { ok: false, reason: `${file.path}: ${patched.reason}` }
    const entry = files.get(file.path) ?? { file, edits: [] }
    entry.edits.push(...patched.edits)
    files.set(file.path, entry)
  }
  return {
    ok: true,
    files: [...files.values()]
      .map(({ file, edits }) => ({ file, edits, after: applyEdits(file.text, edits) }))
      .sort((a, b) => (a.file.path < b.file.path ? -1 : 1)),
  }
}
