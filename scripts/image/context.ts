// What `docker build` sends to the engine: the repository without what .dockerignore leaves out.
// Rules: https://docs.docker.com/build/concepts/context/#dockerignore-files
import picomatch from 'picomatch'

/** A pattern and what it decides for the paths that it, or a folder above, matches. */
interface Rule {
  readonly matches: (path: string) => boolean
  readonly sent: boolean
}

/**
 * Tells whether a file is sent; the last rule that speaks of it decides.
 * @param text .dockerignore
 * @returns a question about paths relative to the repository, `/` between parts
 */
export function readDockerignore(text: string): (path: string) => boolean {
  const rules: readonly Rule[] = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const sent = line.startsWith('!')
      const pattern = line.slice(sent ? 1 : 0).replace(/^\/+|\/+$/g, '')
      return { sent, matches: picomatch(pattern, { dot: true }) }
    })
  return (path) => {
    const parts = path.split('/')
    const lineage = parts.map((_, index) => parts.slice(0, index + 1).join('/'))
    return rules.findLast(({ matches }) => lineage.some((part) => matches(part)))?.sent ?? true
  }
}
