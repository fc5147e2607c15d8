// A packed chart (`redis-18.1.0.tgz`) as the files in it, so that what stands in charts/ is known by its Chart.yaml
// and not by its file name. Nothing is written anywhere; helm unpacks the archive itself.
import { gunzipSync } from 'node:zlib'

/** Bytes of an archive once unpacked; helm's own limit is 100 MiB (pkg/chart/loader/archive.go, MaxDecompressedChartSize). */
const MAX_UNPACKED = 32 * 1024 * 1024
const BLOCK = 512

/**
 * Regular files of a packed chart, by path below the one folder that such an archive holds; null where the bytes are
 * no such archive, or unpack to more than 32 MiB.
 */
export function unpackChart(bytes: Uint8Array): ReadonlyMap<string, Uint8Array> | null {
  try {
    return filesOf(gunzipSync(bytes, { maxOutputLength: MAX_UNPACKED }))
  } catch {
    return null
  }
}

/** POSIX.1-1988 headers, with the long names of pax (`x`, which Go's archive/tar writes) and of GNU tar (`L`). */
function filesOf(tar: Buffer): ReadonlyMap<string, Uint8Array> {
  const files = new Map<string, Uint8Array>()
  let longName: string | null = null
  for (let at = 0; at + BLOCK <= tar.length;) {
    const header = tar.subarray(at, at + BLOCK)
    const size = Number.parseInt(field(header, 124, 12) || '0', 8)
    if (header[0] === 0 || !(size >= 0) || at + BLOCK + size > tar.length) break
    const content = tar.subarray(at + BLOCK, at + BLOCK + size)
    const type = String.fromCharCode(header[156] ?? 0)
    if (type === 'L') longName = field(content, 0, size)
    else if (type === 'x')
      longName = /(?:^|\n)\d+ path=([^\n]*)\n/.exec(content.toString('utf8'))?.[1] ?? longName
    else {
      const prefix = field(header, 257, 6).startsWith('ustar') ? field(header, 345, 155) : ''
      const name: string =
        longName ?? (prefix === '' ? field(header, 0, 100) : `${prefix}/${field(header, 0, 100)}`)
      longName = null
      const below = name.replace(/^\.\//, '').split('/').slice(1).join('/')
      if ((type === '0' || type === '\0') && below !== '') files.set(below, content)
    }
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK
  }
  return files
}

function field(bytes: Buffer, start: number, length: number): string {
  const raw = bytes.subarray(start, start + length)
  const end = raw.indexOf(0)
  return raw
    .subarray(0, end === -1 ? length : end)
    .toString('utf8')
    .trim()
}
