// Which hosts the configuration allows. A host without a port is its port 443 and no other: other ports of a machine
// belong to other people.

/** `host` for port 443, `host:port` for any other; what entries are compared with, and what people are told. */
export function hostOf(url: URL): string {
  const port = url.port === '' ? (url.protocol === 'http:' ? '80' : '443') : url.port
  return port === '443' ? url.hostname : `${url.hostname}:${port}`
}

/** `allow` as `remote.allow` has it: `host`, `host:port`, or with a leading `*.`, which stands for one label or more. */
export function isAllowed(url: URL, allow: readonly string[]): boolean {
  const host = hostOf(url)
  return allow.some((entry) => {
    const wanted = entry.toLowerCase().replace(/:443$/, '')
    return wanted.startsWith('*.')
      ? host.endsWith(wanted.slice(1)) && host !== wanted.slice(1)
      : host === wanted
  })
}
