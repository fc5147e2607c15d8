// A proved fix as SARIF replacements: regions in lines and columns of the text as it was. Only what can be said
// exactly is said; a SARIF fix cannot create a file, and half a fix is none.
import type { TextEdit } from '../core/source/text.ts'
import type { FileChange, Fix } from '../examine/report.ts'
import { plainLine } from './github/escape.ts'

type Json = Record<string, unknown>

/** A `fix` object (§3.55), or null; `artifact` makes an artifactLocation of a path. */
export function sarifFix(fix: Fix | null, artifact: (path: string) => Json): Json | null {
  if (fix === null || fix.files.some(({ created }) => created)) return null
  return {
    description: { text: plainLine(fix.text) },
    artifactChanges: fix.files.map((file) => ({
      artifactLocation: artifact(file.path),
      replacements: replacements(file),
    })),
  }
}

function replacements({ before, edits }: FileChange): readonly Json[] {
  const at = positions(before)
  return [...edits]
    .sort((a, b) => a.start - b.start || a.end - b.end)
    .map(({ start, end, text }: TextEdit) => {
      const [from, to] = [at(start), at(end)]
      return {
        deletedRegion: {
          startLine: from.line,
          startColumn: from.column,
          endLine: to.line,
          endColumn: to.column,
        },
        insertedContent: { text },
      }
    })
}

/** Line and column of offsets, both from 1. A byte order mark is no character of the text (§3.30.2). */
function positions(text: string): (offset: number) => { readonly line: number; readonly column: number } {
  const starts = [0, ...[...text.matchAll(/\n/g)].map(({ index }) => index + 1)]
  const mark = text.startsWith('\ufeff') ? 1 : 0
  return (offset) => {
    const line = starts.findLastIndex((start) => start <= offset)
    const column = offset - (starts[line] ?? 0) + 1
    return { line: line + 1, column: line === 0 ? Math.max(1, column - mark) : column }
  }
}
