// What a source leaves out of its artifact: Flux's default exclusions, `.sourceignore` files, then spec.ignore, where
// the last pattern that speaks of a path decides (fluxcd/pkg, sourceignore/sourceignore.go).
import { posix } from 'node:path'
import { joinPath } from '../../source-tree.ts'
import type { SourceTree } from '../../source-tree.ts'
import { globMatches } from './glob.ts'

/** `ExcludeVCS`, `ExcludeExt`, `ExcludeCI` and `ExcludeExtra` of sourceignore.go. */
const DEFAULTS =
  '.git/,.gitignore,.gitmodules,.gitattributes,*.jpg,*.jpeg,*.gif,*.png,*.wmv,*.flv,*.tar.gz,*.zip,.github/,.circleci/,.travis.yml,.gitlab-ci.yml,appveyor.yml,.drone.yml,cloudbuild.yaml,codeship-services.yml,codeship-steps.yml,**/.goreleaser.yml,**/.sops.yaml,**/.flux.yaml'

const FILE = '.sourceignore'

/** Every pattern is asked about every file. What is beyond these is left in: seeing too much is the safer mistake. */
const MAX_PATTERNS = 200
const MAX_LENGTH = 200

export interface Ignored {
  readonly ignored: (path: string) => boolean
  /** Files that said so, and those looked for. */
  readonly inputs: readonly string[]
}

/** Which files below `folder` are left out; `rules` is the text of spec.ignore. */
export async function ignoredBelow(tree: SourceTree, folder: string, rules: string | null): Promise<Ignored> {
  const above: string[] = []
  for (let at = folder; ; at = posix.dirname(at)) {
    above.unshift(joinPath(at, FILE))
    if (at === '.') break
  }
  const below = tree.below(folder).filter(({ path }) => posix.basename(path) === FILE)
  const files = [...new Set([...above, ...below.map(({ path }) => path)])]
  const patterns = patternsOf(DEFAULTS.replaceAll(',', '\n'), '.')
  for (const path of files) {
    const file = await tree.text(path)
    if (file !== null) patterns.push(...patternsOf(file.text, posix.dirname(path)))
  }
  patterns.push(...patternsOf(rules ?? '', '.'))
  return { ignored: ignoredBy(patterns.slice(-MAX_PATTERNS)), inputs: files }
}

/** Which paths the text of a spec.ignore of its own leaves out, seen from `domain`. */
export function ignoredIn(rules: string, domain: string): (path: string) => boolean {
  return ignoredBy(patternsOf(rules, domain).slice(-MAX_PATTERNS))
}

function ignoredBy(patterns: readonly Pattern[]): (path: string) => boolean {
  return (path) => {
    const last = patterns.findLast((pattern) => speaksOf(pattern, path))
    return last !== undefined && !last.keeps
  }
}

interface Pattern {
  readonly domain: string
  readonly glob: string
  readonly keeps: boolean
  readonly onlyFolders: boolean
}

/** The format of gitignore(5). */
function patternsOf(text: string, domain: string): Pattern[] {
  return text.split(/\r?\n/).flatMap((line) => {
    if (line.startsWith('#')) return []
    const keeps = line.startsWith('!')
    const written = (keeps ? line.slice(1) : line).trimEnd()
    const body = written.replace(/\/$/, '')
    const glob = body.includes('/') ? body.replace(/^\//, '') : `**/${body}`
    if (body === '' || body.length > MAX_LENGTH) return []
    return [{ domain, glob, keeps, onlyFolders: written.endsWith('/') }]
  })
}

/** A pattern that fits a folder speaks of all that is in it; unlike git, Flux lets a later one bring parts of it back. */
function speaksOf({ domain, glob, onlyFolders }: Pattern, path: string): boolean {
  if (domain !== '.' && !path.startsWith(`${domain}/`)) return false
  const parts = (domain === '.' ? path : path.slice(domain.length + 1)).split('/')
  const longest = onlyFolders ? parts.length - 1 : parts.length
  return parts.some((_, index) => index < longest && globMatches(glob, parts.slice(0, index + 1).join('/')))
}
