// A chart archive, unpacked in memory. Strict where tar is lenient: `helm package` writes plain files below one folder,
// and whatever else an archive holds was not made by it. A reader of our own, since the packages there are read more
// than that (links, devices, sparse files) and check less.
// Format: POSIX.1-1988 ustar and POSIX.1-2001 pax, https://pubs.opengroup.org/onlinepubs/9699919799/utilities/pax.html
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import type { RemoteLimits } from './limits.ts'
import { isPlainPath } from './paths.ts'
import { Refusal, VENDOR, quoted } from './refusal.ts'

export interface Unpacked {
  /** By path, all below `folder`. */
  readonly files: ReadonlyMap<string, Uint8Array>
  readonly folder: string
}

/** The files of a `.tgz`. @throws Refusal where it is broken, too large, or holds what no chart needs */
export async function unpack(
  archive: Uint8Array,
  limits: Pick<RemoteLimits, 'unpackedBytes' | 'files'>,
): Promise<Unpacked> {
  const files = new Map<string, Uint8Array>()
  const folders = new Set<string>()
  let bytes = 0
  for (const { path, content } of entries(await inflate(archive, limits.unpackedBytes))) {
    checkPath(path)
    if (files.has(path)) throw bad(`holds ${quoted(path)} twice`)
    if (files.size === limits.files) throw bad(`holds more than ${String(limits.files)} files`)
    bytes += content.length
    if (bytes > limits.unpackedBytes) throw unpacksTo(limits.unpackedBytes)
    files.set(path, content)
    for (let at = path.lastIndexOf('/'); at !== -1; at = path.lastIndexOf('/', at - 1))
      folders.add(path.slice(0, at))
  }
  const [folder, ...others] = [...folders].filter((path) => !path.includes('/'))
  const stray = [...files.keys()].find((path) => !path.includes('/') || folders.has(path))
  if (folder === undefined || others.length > 0 || stray !== undefined) throw bad('does not hold one folder')
  return { files, folder }
}

const inflateAll = promisify(gunzip)

/** Room for the headers and the padding of every file, on top of what the files may hold. */
const OVERHEAD = 16 * 1024 * 1024

async function inflate(archive: Uint8Array, maxBytes: number): Promise<Buffer> {
  try {
    return await inflateAll(archive, { maxOutputLength: maxBytes + OVERHEAD })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_BUFFER_TOO_LARGE') throw bad('is not readable gzip')
    throw unpacksTo(maxBytes)
  }
}

interface Entry {
  readonly path: string
  readonly content: Uint8Array
}

const BLOCK = 512

/** Regular files, in order; folders are known by their files. */
function* entries(tar: Buffer): Generator<Entry> {
  let longer: { path?: string; size?: number } = {}
  let at = 0
  while (at + BLOCK <= tar.length) {
    const header = tar.subarray(at, at + BLOCK)
    if (header.every((byte) => byte === 0)) return
    if (octal(header, 148, 8) !== checksum(header)) throw bad('is not a readable tar archive')
    const type = String.fromCharCode(header[156] ?? 0)
    const described = type === 'x' || type === 'g' || type === 'L'
    const size = described ? octal(header, 124, 12) : (longer.size ?? octal(header, 124, 12))
    const end = at + BLOCK + size
    if (end > tar.length) throw bad('ends in the middle of a file')
    // Copied: a slice would keep the whole archive alive for as long as somebody remembers one file of it.
    const content = new Uint8Array(tar.subarray(at + BLOCK, end))
    if (type === 'x') longer = paxOf(content)
    else if (type === 'L') longer = { path: textOf(content) }
    else if (type !== 'g') {
      const path = longer.path ?? nameOf(header)
      longer = {}
      if (type === '0' || type === '\0') yield { path, content }
      else if (type !== '5') throw bad(`holds ${quoted(path)}, which is neither a file nor a folder`)
      else checkPath(path.replace(/\/$/, ''))
    }
    at = end + ((BLOCK - (size % BLOCK)) % BLOCK)
  }
  throw bad('ends too early')
}

function checkPath(path: string): void {
  if (!isPlainPath(path)) throw bad(`holds the path ${quoted(path)}`)
}

/** `<length> <key>=<value>\n`, as often as needed; keys that say nothing of what is in a file do not matter. */
function paxOf(content: Uint8Array): { path?: string; size?: number } {
  const bytes = Buffer.from(content)
  const found: { path?: string; size?: number } = {}
  let at = 0
  while (at < bytes.length) {
    const space = bytes.indexOf(0x20, at)
    const length = Number(bytes.toString('latin1', at, space))
    const record = bytes.subarray(space + 1, at + length - 1)
    const equals = record.indexOf('=')
    const whole = space !== -1 && Number.isSafeInteger(length) && length >= 5 && at + length <= bytes.length
    if (!whole || bytes[at + length - 1] !== 0x0a || equals === -1) throw bad('is not a readable tar archive')
    const key = record.toString('latin1', 0, equals)
    const value = record.subarray(equals + 1)
    if (key === 'path') found.path = textOf(value)
    if (key === 'size') found.size = numberOf(value.toString('latin1'), 10)
    if (key.startsWith('GNU.sparse') || key === 'linkpath') throw bad('holds links or sparse files')
    at += length
  }
  return found
}

/** The prefix is one in ustar alone; older headers have other things there, or nothing. */
function nameOf(header: Buffer): string {
  const name = textOf(header.subarray(0, 100))
  const ustar = header.toString('latin1', 257, 263) === 'ustar\0'
  const prefix = ustar ? textOf(header.subarray(345, 500)) : ''
  return prefix === '' ? name : `${prefix}/${name}`
}

function textOf(bytes: Uint8Array): string {
  const end = bytes.indexOf(0)
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(
      end === -1 ? bytes : bytes.subarray(0, end),
    )
  } catch {
    throw bad('holds a name that is not text')
  }
}

function octal(header: Buffer, start: number, length: number): number {
  const text = header.toString('latin1', start, start + length)
  return numberOf(text.replace(/[\0 ]+$/, '').trim(), 8)
}

/** The base-256 numbers of GNU tar are for sizes beyond 8 GiB, and refused with all else that is no number. */
function numberOf(text: string, base: 8 | 10): number {
  if (!(base === 8 ? /^[0-7]{1,12}$/ : /^\d{1,12}$/).test(text)) throw bad('is not a readable tar archive')
  return Number.parseInt(text, base)
}

/** The sum of the header's bytes, with its own field as spaces. */
function checksum(header: Buffer): number {
  return header.reduce((sum, byte, index) => sum + (index >= 148 && index < 156 ? 0x20 : byte), 0)
}

function unpacksTo(maxBytes: number): Refusal {
  return bad(`unpacks to more than ${String(maxBytes / 1024 / 1024)} MiB`)
}

function bad(what: string): Refusal {
  return new Refusal(`its archive ${what}`, VENDOR)
}
