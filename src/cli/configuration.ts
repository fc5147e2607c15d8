// The configuration of a run: the file that is named, else the one in the base; then the flags.
import { readFile } from 'node:fs/promises'
import { CONFIG_PATH, DEFAULT_CONFIG, readConfig } from '../core/config.ts'
import type { Config } from '../core/config.ts'
import { CNI_PROFILES } from '../core/kubernetes/cni-profiles.ts'
import type { Cni } from '../core/kubernetes/cni-profiles.ts'
import type { Problem } from '../core/source/problem.ts'
import type { Tree } from '../git/tree.ts'
import { UsageError } from './usage-error.ts'

export interface ConfigOptions {
  readonly config?: string | undefined
  readonly cluster?: string | undefined
  readonly cni?: string | undefined
}

export interface Configuration {
  readonly config: Config
  readonly problems: readonly Problem[]
}

/** @throws UsageError where a named file is broken, or a flag names what does not exist */
export async function findConfiguration(options: ConfigOptions, tree: Tree): Promise<Configuration> {
  const { config, problems } =
    options.config === undefined
      ? await fromTree(tree)
      : { config: await fromFile(options.config), problems: [] }
  return { config: withFlags(config, options), problems }
}

/** Reads the configuration at the root of a tree; without one the defaults hold. */
async function fromTree(tree: Tree): Promise<Configuration> {
  const file = (await tree.files()).find(({ path, mode }) => path === CONFIG_PATH && mode.startsWith('100'))
  const bytes = file === undefined ? undefined : (await tree.read([file])).get(CONFIG_PATH)
  return bytes === undefined
    ? { config: DEFAULT_CONFIG, problems: [] }
    : readConfig(CONFIG_PATH, new TextDecoder().decode(bytes))
}

async function fromFile(path: string): Promise<Config> {
  const { config, problems } = readConfig(path, await readText(path))
  if (problems.length > 0) throw new UsageError(problems.map(problemLine).join('\n'))
  return config
}

/** @throws UsageError where there is no such file */
export async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    const why =
      (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'there is no such file' : (error as Error).message
    throw new UsageError(`${path}: ${why}.`)
  }
}

/** `path:line: what is wrong. What to do.` */
export function problemLine({ path, line, message, remedy }: Problem): string {
  return `${path}:${String(line)}: ${message} ${remedy}`
}

function withFlags(config: Config, { cluster: name, cni }: ConfigOptions): Config {
  if (cni !== undefined && !Object.hasOwn(CNI_PROFILES, cni)) {
    throw new UsageError(
      `--cni ${cni}: no such CNI is known. Use one of ${Object.keys(CNI_PROFILES).join(', ')}.`,
    )
  }
  // One that says what belongs to it can be looked at alone; others are found in the tree, with all of their like.
  const alone = config.clusters.filter((cluster) => cluster.name === name && cluster.paths !== null)
  const clusters = alone.length > 0 ? alone : config.clusters
  return {
    ...config,
    clusters: clusters.map((cluster) => (cni === undefined ? cluster : { ...cluster, cni: cni as Cni })),
  }
}
