// Whether the JSON Schema of a chart stays inside itself. helm follows what a schema refers to, by file: and by http:
// alike, and would do so for a stranger.

/** helm's own limit for one file of a packed chart (pkg/chart/loader/archive.go, MaxDecompressedFileSize). */
export const MAX_SCHEMA_BYTES = 5 * 1024 * 1024

/**
 * Whether helm can evaluate a schema, parsed from JSON, without asking for anything else. Every object in it counts, those
 * in examples and constants as well: a reference may make a schema of any of them.
 */
export function staysInside(schema: unknown): boolean {
  // No recursion: how deep it goes is the stranger's choice.
  const open: unknown[] = [schema]
  while (open.length > 0) {
    const value = open.pop()
    if (Array.isArray(value)) for (const item of value) open.push(item)
    else if (typeof value === 'object' && value !== null) {
      for (const [key, entry] of Object.entries(value)) {
        if (typeof entry !== 'string') open.push(entry)
        else if (leadsOut(key, entry, value === schema)) return false
      }
    }
  }
  return true
}

/** By these keywords the libraries of helm 3 (gojsonschema) and helm 4 (santhosh-tekuri/jsonschema) come to addresses. */
function leadsOut(keyword: string, text: string, isRoot: boolean): boolean {
  switch (keyword) {
    case '$ref':
    case '$dynamicRef':
    case '$recursiveRef':
      return !text.startsWith('#')
    case '$schema':
      return !DRAFT.test(text)
    case '$id':
    case 'id':
      return !(text.startsWith('#') || PLAIN.test(text) || (isRoot && PLAIN_URL.test(text)))
    default:
      return false
  }
}

/** The drafts that the libraries carry; helm 4 fetches any other. */
const DRAFT =
  /^https?:\/\/json-schema\.org\/(?:schema|draft-0[467]\/schema|draft\/20(?:19-09|20-12)\/schema)#?$/

/**
 * Names under which `#/…` is found in the document itself. A document is kept under its name as it is written, and looked
 * for under what that becomes when the reference is resolved against it: of `file:///x#y`, `file:/x` and `http://x/y?`
 * that is something else, and is loaded. So only names count that resolving does not change.
 */
const PLAIN = /^(?!\/\/)[\w .,~@+/-]*$/
const PLAIN_URL = /^https?:\/\/[\w.-]+(?::\d+)?(?:\/[\w~@+-][\w.~@+-]*)*\/?#?$/
