// The reading side of git's smart HTTP protocol, version 2, over our own web. git itself could fetch, but then it would
// resolve names, follow proxies and write to disk by its own rules; this way a remote repository is bound by the same
// checks and caps as everything else, and git sees nothing but a pack on its standard input.
// https://git-scm.com/docs/protocol-v2, https://git-scm.com/docs/http-protocol and, for the pack, protocol-pack
import type { RemoteLimits } from './limits.ts'
import { LATER, Refusal, VENDOR, quoted } from './refusal.ts'
import { hostOf } from './allow.ts'
import { fetched } from './web.ts'
import type { Web } from './web.ts'

export interface GitRemote {
  readonly format: 'sha1' | 'sha256'
  /** Can it leave the content of files out of a pack, and send it by id later? */
  readonly filters: boolean
  /** The object of a ref with that full name, a tag peeled to what it names; null where there is none. */
  readonly refs: (names: readonly string[]) => Promise<ReadonlyMap<string, string>>
  /** A pack with these objects, and of a commit its tree but not its history; without files where it can be. */
  readonly pack: (ids: readonly string[], options: { readonly files: boolean }) => Promise<Uint8Array>
}

/** Greets the repository at a URL. @throws Refusal */
export async function openGitRemote(
  repository: URL,
  { web, limits }: { readonly web: Web; readonly limits: RemoteLimits },
): Promise<GitRemote> {
  const first = new URL(`${repository.href.replace(/\/$/, '')}/info/refs?service=git-upload-pack`)
  const what = 'the refs of the repository'
  const { body, url } = await fetched(web, first, { headers: VERSION, maxBytes: SMALL, what })
  const lines = packetsOf(body).flatMap((packet) =>
    packet.kind === 'data' ? packet.data.toString('utf8').trimEnd() : [],
  )
  const start = lines.indexOf('version 2')
  if (start === -1)
    throw new Refusal(`${hostOf(url)} does not speak version 2 of the protocol of git`, VENDOR)
  const able = new Map(
    lines.slice(start + 1).map((line) => [line.split('=')[0] ?? '', line.split('=').slice(1).join('=')]),
  )
  const format = able.get('object-format') === 'sha256' ? 'sha256' : 'sha1'
  const features = (able.get('fetch') ?? '').split(' ')
  const filters = features.includes('filter')
  // A repository that has moved answers for the rest where it lives now, as for git (http.followRedirects=initial).
  const service = new URL(url.href.replace(/\/info\/refs(?:\?.*)?$/, '/git-upload-pack'))
  const command = async (
    name: string,
    args: readonly string[],
    maxBytes: number,
  ): Promise<readonly Packet[]> => {
    const head = [
      `command=${name}\n`,
      'agent=ambient-guard\n',
      ...(able.has('object-format') ? [`object-format=${format}\n`] : []),
    ]
    const request = `${head.map(packet).join('')}0001${args.map((line) => packet(`${line}\n`)).join('')}0000`
    const headers = {
      ...VERSION,
      'content-type': 'application/x-git-upload-pack-request',
      accept: 'application/x-git-upload-pack-result',
    }
    return packetsOf(
      (
        await fetched(web, service, {
          body: Buffer.from(request),
          headers,
          maxBytes,
          what: 'a request of git',
        })
      ).body,
    )
  }
  return {
    format,
    filters,
    async refs(names) {
      const answer = await command('ls-refs', ['peel', ...names.map((name) => `ref-prefix ${name}`)], SMALL)
      const found = new Map<string, string>()
      for (const one of answer) {
        const [id = '', name = '', ...attributes] = one.data.toString('utf8').trimEnd().split(' ')
        const peeled = attributes.find((text) => text.startsWith('peeled:'))?.slice('peeled:'.length)
        if (one.kind === 'data' && names.includes(name)) found.set(name, peeled ?? id)
      }
      return found
    },
    async pack(ids, { files }) {
      const options = [
        'no-progress',
        'ofs-delta',
        ...(files ? [] : ['deepen 1', ...(filters ? ['filter blob:none'] : [])]),
      ]
      const answer = await command(
        'fetch',
        [...options, ...ids.map((id) => `want ${id}`), 'done'],
        limits.packBytes,
      )
      return packOf(answer)
    },
  }
}

const VERSION = { 'git-protocol': 'version=2' }
const SMALL = 4 * 1024 * 1024

interface Packet {
  /** `flush`, `delimiter` and `end` hold no data. */
  readonly kind: 'data' | 'flush' | 'delimiter' | 'end'
  readonly data: Buffer
}

/** No line of ours comes near the limit of 65,516 bytes. */
function packet(line: string): string {
  return (Buffer.byteLength(line) + 4).toString(16).padStart(4, '0') + line
}

/** Far more than a pack in the pieces that servers send. */
const MAX_PACKETS = 100_000

/** gitprotocol-common(5). @throws Refusal for what is none, and for what the other side calls an error */
function packetsOf(body: Buffer): readonly Packet[] {
  const packets: Packet[] = []
  for (let at = 0; at < body.length;) {
    if (packets.length === MAX_PACKETS) throw garbled()
    const text = body.toString('latin1', at, at + 4)
    const length = /^[0-9a-f]{4}$/i.test(text) ? Number.parseInt(text, 16) : -1
    if (length < 0 || length === 3 || at + length > body.length) throw garbled()
    const data = body.subarray(at + 4, Math.max(at + 4, at + length))
    if (data.subarray(0, 4).toString('latin1') === 'ERR ')
      throw new Refusal(
        `its repository says: ${quoted(data.toString('utf8', 4))}`,
        'Name what is there, or vendor it into the tree.',
      )
    packets.push({
      kind: length === 0 ? 'flush' : length === 1 ? 'delimiter' : length === 2 ? 'end' : 'data',
      data,
    })
    at += Math.max(4, length)
  }
  return packets
}

/** What follows the line `packfile`, by side bands: 1 is the pack, 2 is for people, 3 is an error. */
function packOf(packets: readonly Packet[]): Buffer {
  const start = packets.findIndex(
    ({ data }) => data.toString('latin1', 0, 9) === 'packfile\n' && data.length === 9,
  )
  if (start === -1) throw garbled()
  const parts: Buffer[] = []
  for (const { kind, data } of packets.slice(start + 1)) {
    if (kind !== 'data') break
    if (data[0] === 3) throw new Refusal(`its repository says: ${quoted(data.toString('utf8', 1))}`, LATER)
    if (data[0] === 1) parts.push(data.subarray(1))
  }
  return Buffer.concat(parts)
}

function garbled(): Refusal {
  return new Refusal('its repository answers with what is no answer of git', VENDOR)
}
