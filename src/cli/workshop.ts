// What one command on this machine loads trees with: memories as long as it runs, and renderings that outlive it.
import { join } from 'node:path'
import type { Config } from '../core/config.ts'
import { diskCache, memoryCache } from '../manifests/render-cache.ts'
import { createToolbox } from '../manifests/tools/create-toolbox.ts'
import { endlessMemory } from '../manifests/workshop.ts'
import type { Workshop } from '../manifests/workshop.ts'
import { toolsTrouble } from '../ops/folders.ts'
import { createRemote } from '../remote/remote.ts'
import { printable } from '../words/text.ts'
import { UsageError } from './usage-error.ts'

export function localWorkshop({ remote }: Config): Workshop {
  const cache = cacheDirectory()
  return {
    parsed: endlessMemory(),
    renderings: endlessMemory(),
    rendered: cache === null ? memoryCache() : diskCache(join(cache, '_rendered')),
    tools: createToolbox({ directory: toolsDirectory() }),
    remote: createRemote({
      allow: remote.allow,
      cacheDirectory: cache === null ? null : join(cache, '_remote'),
    }),
  }
}

/**
 * The folder of AMBIENT_GUARD_TOOLS; undefined where it is not set. @throws UsageError where it cannot be what was
 * meant: other programs than those that somebody chose would render
 */
function toolsDirectory(): string | undefined {
  const directory = process.env['AMBIENT_GUARD_TOOLS']
  if (directory === undefined || directory === '') return undefined
  const why = toolsTrouble(directory)
  if (why === null) return directory
  throw new UsageError(
    `AMBIENT_GUARD_TOOLS: ${printable(directory)} ${why}. Name the folder that holds them, or unset it.`,
  )
}

/** As the XDG base directory specification has it; null where nobody has a home. */
export function cacheDirectory(): string | null {
  const { XDG_CACHE_HOME: xdg, HOME: home } = process.env
  if (xdg !== undefined && xdg.startsWith('/')) return join(xdg, 'ambient-guard')
  return home === undefined || home === '' ? null : join(home, '.cache', 'ambient-guard')
}
