// A chart's schema must not lead helm out of its folder: it would put what it finds there into what it says, ask hosts,
// and read /dev/zero (CVE-2025-55199). Such a schema is not passed on. It can only refuse values, so what is rendered is
// the same without it; one that stays inside is kept, and refuses.
import { posix } from 'node:path'
import { type Effort, fullEffort, isPacked, troubleInside } from './packed.ts'
import { MAX_SCHEMA_BYTES, staysInside } from './schema.ts'
import { quoted } from './scratch.ts'
import type { ToolRun } from './toolbox.ts'

type Files = ToolRun['files']

/**
 * The files of a run without the schemas of charts that lead out of them; or a sentence, where a packed chart may hold
 * one: nothing can be left out of that.
 */
export function withoutWaysOut(files: Files): Files | string {
  const effort = fullEffort()
  const charts = new Set<string>()
  for (const path of files.keys()) if (posix.basename(path) === 'Chart.yaml') charts.add(folderOf(path))
  const kept = new Map<string, Uint8Array | string>()
  for (const [path, content] of files) {
    if (typeof content !== 'string' && isPacked(content)) {
      const trouble = troubleInside(content, effort)
      if (trouble !== null) return `${quoted(path)} ${trouble}`
    }
    // Elsewhere than beside a Chart.yaml it is a file like others, which a template may want to show.
    const isSchema = posix.basename(path) === 'values.schema.json' && charts.has(folderOf(path))
    if (!isSchema || mayBeKept(content, effort)) kept.set(path, content)
  }
  return kept
}

/** Folders that some file system takes for one are one here. */
function folderOf(path: string): string {
  return posix.dirname(posix.normalize(path)).normalize('NFC').toLowerCase()
}

/** Not what JSON.parse does not take either: helm 3 is more lenient, and passes over what follows the first value. */
function mayBeKept(content: Uint8Array | string, effort: Effort): boolean {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content
  if (bytes.byteLength > Math.min(MAX_SCHEMA_BYTES, effort.read)) return false
  effort.read -= bytes.byteLength
  try {
    // Without a byte order mark, as helm reads files.
    return staysInside(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)))
  } catch {
    return false
  }
}
