// Files that keep a kustomization from being built. kustomize names them from inside of a base, and counts lines from the
// beginning of a document.
import { posix } from 'node:path'
import type { Place } from '../../../core/kubernetes/origin.ts'
import type { Problem } from '../../../core/source/problem.ts'
import { lineAt } from '../../../core/source/text.ts'
import { TOO_ALIASED, readDocument, splitDocuments } from '../../../core/yaml/index.ts'
import type { Gathered } from './remote.ts'

interface Unread {
  readonly path: string
  readonly at: Place
  readonly message: string
}

/** kustomize would expand the aliases of a file until its time is up; we know before. */
export async function aliasBomb(gathered: Gathered): Promise<Problem | null> {
  const found = await firstUnread(gathered, (_, text) => /[&*]\w/.test(text), [TOO_ALIASED])
  return found === null
    ? null
    : unreadable(
        found.at,
        `${found.path} cannot be built into the kustomization: ${TOO_ALIASED}.`,
        'Write out what the aliases stand for, or split the file.',
      )
}

/** The file that a build which failed complains of, where it is one that nobody can read. */
export async function brokenFile(gathered: Gathered, complaint: string): Promise<Problem | null> {
  const named = new Set(complaint.split(/[\s'"/:,]+/))
  const found = await firstUnread(gathered, (path) => named.has(posix.basename(path)))
  return found === null
    ? null
    : unreadable(
        found.at,
        `A document of ${found.path} is not readable YAML (${found.message}), and the kustomizations that take it in do not build.`,
        'Correct it; what they would bring is not judged.',
      )
}

function unreadable(at: Place, message: string, remedy: string): Problem {
  return { ...at, code: 'unreadable-yaml', class: 'unreadable', message, remedy, hides: { namespaces: [] } }
}

/** The first document, in order of paths, that cannot be read; with `messages`, for one of those reasons. */
async function firstUnread(
  { closure, tree, fetchedBy }: Gathered,
  isMeant: (path: string, text: string) => boolean,
  messages: readonly string[] | null = null,
): Promise<Unread | null> {
  for (const path of closure.files) {
    if (!/\.(ya?ml|json)$/.test(path)) continue
    const file = await tree.text(path)
    if (file === null || !isMeant(path, file.text)) continue
    for (const document of splitDocuments(file.text)) {
      const read = readDocument(file.text, document)
      if (read.ok || messages?.includes(read.message) === false) continue
      const at = fetchedBy(path)?.at ?? { path, line: lineAt(file.text, read.offset, document) }
      return { path, at, message: read.message }
    }
  }
  return null
}
