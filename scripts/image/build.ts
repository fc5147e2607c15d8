// Performs the steps of a Dockerfile in folders: each stage is a folder that stands for its root. What only an engine
// can do (the base image, packages of the system) is not performed, and told.
import { spawnSync } from 'node:child_process'
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, readdirSync, statSync } from 'node:fs'
import { basename, dirname, isAbsolute, join, relative } from 'node:path'
import { readDockerignore } from './context.ts'
import type { Stage, Step } from './dockerfile.ts'

export interface Built {
  /** The folder that stands for the root of the image. */
  readonly root: string
  /** Where the command starts. */
  readonly workdir: string
}

type Say = (line: string) => void

/** Builds the stages below `scratch`. @throws Error where a step fails or would leave its folder */
export function build(stages: readonly Stage[], repository: string, scratch: string, say: Say): Built {
  const roots = new Map<string, string>()
  let built: Built | null = null
  for (const stage of stages) {
    const root = join(scratch, stage.name)
    mkdirSync(root, { recursive: true })
    say(`stage ${stage.name}: ${stage.base} is this machine, with Node ${process.versions.node}`)
    let workdir = '/'
    for (const step of stage.steps) {
      if (step.kind === 'workdir') workdir = step.path
      mkdirSync(join(root, workdir), { recursive: true })
      if (step.kind === 'run') runStep(step.command, join(root, workdir), stage.env, say)
      if (step.kind === 'copy') copyStep(step, { root, workdir, repository, roots }, say)
    }
    for (const volume of stage.volumes) mkdirSync(join(root, volume), { recursive: true })
    roots.set(stage.name, root)
    built = { root, workdir: join(root, workdir) }
  }
  if (built === null) throw new Error('Dockerfile: no stage')
  return built
}

function runStep(command: string, cwd: string, env: Readonly<Record<string, string>>, say: Say): void {
  if (command.startsWith('apt-get ')) {
    say(`not performed, since it changes the system: RUN ${command}`)
    return
  }
  // Such a path would be one of this machine.
  if (/(?:^|[\s=])\//.test(command)) throw new Error(`RUN ${command}: an absolute path`)
  const started = Date.now()
  const done = spawnSync('sh', ['-c', command], {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, npm_config_prefer_offline: 'true', ...env },
    timeout: 15 * 60_000,
  })
  if (done.status !== 0) throw new Error(`RUN ${command} failed:\n${done.stdout}${done.stderr}`)
  say(`RUN ${command} (${String(Math.round((Date.now() - started) / 1000))} s)`)
}

interface Place {
  readonly root: string
  readonly workdir: string
  readonly repository: string
  readonly roots: ReadonlyMap<string, string>
}

function copyStep(step: Extract<Step, { kind: 'copy' }>, place: Place, say: Say): void {
  const { from, sources, target } = step
  say(`COPY ${from === null ? '' : `--from=${from} `}${sources.join(' ')} ${target}`)
  const origin = from === null ? place.repository : place.roots.get(from)
  if (origin === undefined) throw new Error(`COPY --from=${String(from)}: no such stage`)
  const sent =
    from === null
      ? readDockerignore(readFileSync(join(place.repository, '.dockerignore'), 'utf8'))
      : () => true
  const there = join(place.root, isAbsolute(target) ? target : join(place.workdir, target))
  const intoFolder = target.endsWith('/') || sources.length > 1
  for (const source of sources) {
    const here = join(origin, source)
    const files = existsSync(here) ? filesOf(here).filter((file) => sent(relative(origin, file))) : []
    if (files.length === 0) throw new Error(`COPY ${source}: no such file, or .dockerignore leaves it out`)
    // A folder is copied by what is in it, a file by its name.
    const folder = statSync(here).isDirectory()
    for (const file of files) {
      const rest = folder ? relative(here, file) : intoFolder ? basename(file) : ''
      const goal = join(there, rest)
      mkdirSync(dirname(goal), { recursive: true })
      cpSync(file, goal, { verbatimSymlinks: true })
    }
  }
}

/** The files and links at or below a path; links are not followed. */
function filesOf(path: string): readonly string[] {
  if (!statSync(path).isDirectory()) return [path]
  return readdirSync(path, { withFileTypes: true, recursive: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name))
}

/** Takes everybody's right to write from everything below, but for what stands below `except`. */
export function makeReadOnly(root: string, except: readonly string[]): void {
  for (const entry of readdirSync(root, { withFileTypes: true })) {
    const path = join(root, entry.name)
    if (except.includes(path) || entry.isSymbolicLink()) continue
    if (entry.isDirectory()) makeReadOnly(path, except)
    chmodSync(path, statSync(path).mode & 0o7555)
  }
}
