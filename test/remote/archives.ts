// Archives, good and bad: a tar writer that writes whatever it is told.
import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'

export interface Entry {
  readonly name: string
  readonly content?: string | Uint8Array
  /** A regular file by default. */
  readonly type?: string
  readonly prefix?: string
  readonly link?: string
}

export function tgz(entries: readonly Entry[]): Buffer {
  return gzipSync(tar(entries))
}

export function tar(entries: readonly Entry[]): Buffer {
  const blocks = entries.flatMap((entry) => {
    const content = Buffer.from(entry.content ?? '')
    return [headerOf(entry, content.length), content, Buffer.alloc((512 - (content.length % 512)) % 512)]
  })
  return Buffer.concat([...blocks, Buffer.alloc(1024)])
}

/** A record of a pax header; its length is in bytes, and counts its own digits. */
export function pax(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`
  const bytes = Buffer.byteLength(rest)
  let length = bytes
  while (String(length).length + bytes !== length) length = String(length).length + bytes
  return `${String(length)}${rest}`
}

/** A chart as `helm package` lays it out. */
export function chart(name: string, version: string, more: Readonly<Record<string, string>> = {}): Buffer {
  const files = {
    'Chart.yaml': `apiVersion: v2\nname: ${name}\nversion: ${version}\n`,
    'templates/service.yaml': `kind: Service\n`,
    ...more,
  }
  return tgz(Object.entries(files).map(([path, content]) => ({ name: `${name}/${path}`, content })))
}

export function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

function headerOf({ name, type = '0', prefix = '', link = '' }: Entry, size: number): Buffer {
  const header = Buffer.alloc(512)
  header.write(name, 0, 100)
  header.write('0000644\0', 100)
  header.write(`${size.toString(8).padStart(11, '0')}\0`, 124)
  header.write('        ', 148)
  header.write(type, 156)
  header.write(link, 157, 100)
  header.write('ustar\x0000', 257)
  header.write(prefix, 345, 155)
  const sum = header.reduce((total, byte) => total + byte, 0)
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  return header
}
