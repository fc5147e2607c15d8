// Whether a packed chart may hold a schema that leads out of it. helm unpacks such charts by itself, so what it will
// find has to be known before. No name, size or type in the archive is believed, since Go's reader and ours could differ
// about them; of tar only this is: the content of a file begins at a multiple of 512 bytes (POSIX.1-1988, ustar).
import { gunzipSync } from 'node:zlib'
import { MAX_SCHEMA_BYTES, staysInside } from './schema.ts'

const MIB = 1024 * 1024
const BLOCK = 512

/** Bytes that may still be unpacked and read for one run: small archives may hold much, and there may be many. */
export interface Effort {
  unpack: number
  read: number
}

export const fullEffort = (): Effort => ({ unpack: 64 * MIB, read: 8 * MIB })

/** Whether helm may take a file for a packed chart. It goes by the content, behind a byte order mark. */
export function isPacked(content: Uint8Array): boolean {
  return isGzip(content, afterMark(content, 0))
}

/**
 * What is wrong with a packed chart, as the end of a sentence that begins with its name; null where no schema in it leads
 * out. A chart packed within it is not looked into: `helm package` makes none.
 */
export function troubleInside(content: Uint8Array, effort: Effort): string | null {
  const tar = unpack(content.subarray(afterMark(content, 0)), effort)
  if (tar === null) return 'cannot be unpacked within the limits'
  if (tar.includes('.tgz') && holdsGzip(tar)) return 'holds another packed file'
  return tar.includes('values.schema.json') && mayLeadOut(tar, effort)
    ? 'may hold a values.schema.json that refers to something outside of it'
    : null
}

function unpack(content: Uint8Array, effort: Effort): Buffer | null {
  try {
    const tar = gunzipSync(content, { maxOutputLength: effort.unpack })
    effort.unpack -= tar.length
    return tar
  } catch {
    return null
  }
}

function holdsGzip(tar: Buffer): boolean {
  for (let at = 0; at < tar.length; at += BLOCK) {
    if (isGzip(tar, afterMark(tar, at))) return true
  }
  return false
}

/** Whatever may begin as a JSON object is judged, since the name that would say so is not believed. */
function mayLeadOut(tar: Buffer, effort: Effort): boolean {
  for (const start of objects(tar)) {
    const limit = start + Math.min(MAX_SCHEMA_BYTES, effort.read)
    const { end, isWhole } = readObject(tar, start, Math.min(limit, tar.length))
    effort.read -= end - start
    if (isWhole ? !isHarmless(tar.toString('latin1', start, end)) : end === limit) return true
  }
  return false
}

/** As Latin-1 every byte is a character. Go has others for bytes that are no UTF-8; no keyword is made of either. */
function isHarmless(json: string): boolean {
  let value: unknown
  try {
    value = JSON.parse(json)
  } catch {
    // Cut to its end, a value is read by Go as it is here: this is none.
    return true
  }
  return staysInside(value)
}

const [TAB, LINE_FEED, RETURN, SPACE] = [0x09, 0x0a, 0x0d, 0x20]
const [QUOTE, BACKSLASH, OPEN, CLOSE] = [0x22, 0x5c, 0x7b, 0x7d]
const [OPEN_LIST, CLOSE_LIST] = [0x5b, 0x5d]

/**
 * Where files may begin with an object that is not empty: `{` and `"`, in any white space and behind a byte order mark.
 * White space that goes on in the next block is found there.
 */
function objects(tar: Buffer): readonly number[] {
  const found: number[] = []
  for (let at = 0; at < tar.length; at += BLOCK) {
    const start = firstSolid(tar, afterMark(tar, at), Math.min(at + BLOCK, tar.length))
    if (start === null || tar[start] !== OPEN) continue
    const second = firstSolid(tar, start + 1, tar.length)
    if (second !== null && tar[second] === QUOTE) found.push(start)
  }
  return found
}

function firstSolid(tar: Buffer, from: number, to: number): number | null {
  for (let at = from; at < to; at += 1) {
    const byte = tar[at]
    if (byte !== SPACE && byte !== LINE_FEED && byte !== RETURN && byte !== TAB) return at
  }
  return null
}

/** Reads an object to its last bracket, or to where it can be none (RFC 8259), or to the limit. */
function readObject(tar: Buffer, start: number, limit: number): { end: number; isWhole: boolean } {
  let depth = 0
  let inString = false
  for (let at = start; at < limit; at += 1) {
    const byte = tar[at] ?? 0
    if (inString) {
      if (byte < SPACE) return { end: at, isWhole: false }
      if (byte === BACKSLASH) at += 1
      else if (byte === QUOTE) inString = false
    } else if (byte === QUOTE) inString = true
    else if (byte === OPEN || byte === OPEN_LIST) depth += 1
    else if (byte === CLOSE || byte === CLOSE_LIST) {
      depth -= 1
      if (depth === 0) return { end: at + 1, isWhole: true }
    } else if (byte > 0x7e || (byte < SPACE && byte !== LINE_FEED && byte !== RETURN && byte !== TAB)) {
      return { end: at, isWhole: false }
    }
  }
  return { end: limit, isWhole: false }
}

function isGzip(bytes: Uint8Array, at: number): boolean {
  return bytes[at] === 0x1f && bytes[at + 1] === 0x8b && bytes[at + 2] === 0x08
}

/** helm takes one byte order mark of UTF-8 off whatever it reads. */
function afterMark(bytes: Uint8Array, at: number): number {
  return bytes[at] === 0xef && bytes[at + 1] === 0xbb && bytes[at + 2] === 0xbf ? at + 3 : at
}
