// Where a name leads. A pull request may name any path of an allowed host, and whoever runs its DNS may point it at
// our own network; so only public addresses are spoken to, and each name is asked for once: the connection is made to
// what was checked, not to what a second answer says (DNS rebinding).
import { lookup } from 'node:dns/promises'
import ipaddr from 'ipaddr.js'
import type { Deadline } from './limits.ts'
import { LATER, Refusal, VENDOR } from './refusal.ts'

/** All addresses of a name, IPv4 and IPv6. */
export type Resolve = (name: string) => Promise<readonly string[]>

/** As the system does it, `/etc/hosts` included. */
export const systemResolve: Resolve = async (name) =>
  (await lookup(name, { all: true })).map(({ address }) => address)

/**
 * The addresses of a host, checked: every one is public, or counts as such. @throws Refusal
 * @param host as a URL has it: IPv6 in brackets
 */
export async function addressesOf(
  host: string,
  options: { readonly resolve: Resolve; readonly public: readonly string[]; readonly deadline: Deadline },
): Promise<readonly string[]> {
  const name = host.replace(/^\[(.*)\]$/, '$1')
  const found = ipaddr.isValid(name) ? [name] : await ask(name, options)
  if (found.length === 0) throw new Refusal(`${host} has no address`, LATER)
  const bad = found.find((address) => !options.public.includes(address) && !isPublic(address))
  if (bad === undefined) return found
  throw new Refusal(
    `${host} leads to ${ipaddr.isValid(bad) ? bad : 'no address'}, which is not public`,
    VENDOR,
  )
}

/** The virtual machine agent of Azure, metadata and all, lives at an address that is public on paper. */
const AZURE_HOST = '168.63.129.16'

/**
 * Public: unicast, and of no special use (the IANA special-purpose registries, as `ipaddr.js` has them). IPv6 must be
 * of 2000::/3, the only part that is given out: IPv4 in disguise, translated or deprecated, is all outside of it.
 */
export function isPublic(address: string): boolean {
  if (!ipaddr.isValid(address)) return false
  const parsed = ipaddr.parse(address)
  if (parsed.range() !== 'unicast') return false
  if (parsed.kind() === 'ipv4') return parsed.toString() === address && address !== AZURE_HOST
  return ((parsed as ipaddr.IPv6).parts[0] ?? 0) >> 13 === 1
}

async function ask(
  name: string,
  { resolve, deadline }: { resolve: Resolve; deadline: Deadline },
): Promise<readonly string[]> {
  try {
    return await beforeDeadline(resolve(name), deadline)
  } catch (error) {
    if (deadline.signal.aborted) throw error
    throw new Refusal(`${name} cannot be found`, LATER)
  }
}

function beforeDeadline<T>(work: Promise<T>, { signal }: Deadline): Promise<T> {
  return new Promise((resolve, reject) => {
    const late = (): void => {
      reject(signal.reason as Error)
    }
    if (signal.aborted) late()
    signal.addEventListener('abort', late, { once: true })
    work.then(resolve, reject).finally(() => {
      signal.removeEventListener('abort', late)
    })
  })
}
