// The configuration of a run: the file that is named, else the one in the base; then the flags.
import { readFile } from 'node:fs/promises'
import { readConfig } from '../core/config.ts'
import type { Config } from '../core/config.ts'
import { CNI_PROFILES } from '../core/kubernetes/cni-profiles.ts'
import type { Cni } from '../core/kubernetes/cni-profiles.ts'
import type { Problem } from '../core/source/problem.ts'
import { proposedConfiguration, readConfiguration } from '../examine/configuration.ts'
import type { Proposed } from '../examine/configuration.ts'
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
  /** What the head makes of it, where that is something else; null where a file was named. */
  readonly proposed: Proposed | null
}

/**
 * The configuration of `tree`, unless a file is named; `head` is the tree that may have another.
 * @throws UsageError where a named file is broken, or a flag names what does not exist
 */
export async function findConfiguration(
  options: ConfigOptions,
  tree: Tree,
  head: Tree = tree,
): Promise<Configuration> {
  const { config, problems } =
    options.config === undefined
      ? await readConfiguration(tree)
      : { config: await fromFile(options.config), problems: [] }
  const proposed =
    options.config === undefined && head !== tree ? await proposedConfiguration(tree, head) : null
  return { config: withFlags(config, options), problems, proposed }
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
