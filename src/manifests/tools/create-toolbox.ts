// The toolbox of this machine. Nothing is looked for, asked or run before somebody needs it.
import { availableParallelism, totalmem } from 'node:os'
import { join, resolve } from 'node:path'
import { isolatesNetwork } from '../../exec.ts'
import { BOUNDS, type Bounds } from './confinement.ts'
import { type Found, findTool } from './find-tool.ts'
import { runConfined } from './run-confined.ts'
import type { Tool, Toolbox } from './toolbox.ts'
import { runsThatFit, turns } from './turns.ts'

export interface ToolboxOptions {
  /** The value of AMBIENT_GUARD_TOOLS: a folder whose programs come before all others. */
  readonly directory?: string | undefined
  /** Where `npm run tools` puts its copies; `.tools` beside package.json by default. */
  readonly pinned?: string
  /** Runs at a time; by default one for each processor, as far as all of them find room in memory. */
  readonly atOnce?: number
  /** Toolboxes of this process that share the machine by default, this one included; 1 where that is not said. */
  readonly sharedBy?: number
  readonly bounds?: Partial<Bounds>
}

export interface LocalToolbox extends Toolbox {
  /** What keeps a run off the network here: a network of its own with nothing in it, or a proxy that is not there. */
  readonly isolation: () => Promise<'namespace' | 'proxy'>
  /** Programs that were found and are not used, each as a clause that says why. */
  readonly passedOver: (name: 'kustomize' | 'helm') => Promise<readonly string[]>
}

/** Looks for each tool once, when it is first asked for, and keeps the answer. */
export function createToolbox(options: ToolboxOptions = {}): LocalToolbox {
  const places = {
    directory:
      options.directory === undefined || options.directory === '' ? null : resolve(options.directory),
    pinned: options.pinned ?? PINNED,
  }
  const bounds: Bounds = { ...BOUNDS, ...options.bounds }
  const inTurn = turns(options.atOnce ?? runsThatFit(bounds.memoryBytes, options.sharedBy ?? 1, MACHINE))
  const searches = new Map<string, Promise<Found>>()
  const search = (name: 'kustomize' | 'helm'): Promise<Found> => {
    const known = searches.get(name)
    if (known !== undefined) return known
    const found = findTool(name, places, bounds)
    searches.set(name, found)
    return found
  }
  const tool = async (name: 'kustomize' | 'helm'): Promise<Tool | null> => (await search(name)).tool
  let runs = 0
  return {
    kustomize: () => tool('kustomize'),
    helm: () => tool('helm'),
    run(what) {
      runs += 1
      return inTurn(() => runConfined(what.tool.path, what.args, what.files, bounds))
    },
    runs: () => runs,
    isolation: async () => ((await isolatesNetwork()) ? 'namespace' : 'proxy'),
    passedOver: async (name) => (await search(name)).passedOver,
  }
}

const MACHINE = {
  processors: availableParallelism(),
  memoryBytes: totalmem(),
  constrainedBytes: process.constrainedMemory(),
}

/** This folder is as deep below package.json in `src` as in `dist`. */
const PINNED = join(import.meta.dirname, '../../..', '.tools')
