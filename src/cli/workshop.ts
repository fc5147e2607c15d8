// What one command on this machine loads trees with: memories as long as it runs, and renderings that outlive it.
import { join } from 'node:path'
import type { Config } from '../core/config.ts'
import { diskCache, memoryCache } from '../manifests/render-cache.ts'
import { createToolbox } from '../manifests/tools/create-toolbox.ts'
import { endlessMemory } from '../manifests/workshop.ts'
import type { Workshop } from '../manifests/workshop.ts'
import { createRemote } from '../remote/remote.ts'

export function localWorkshop({ remote }: Config): Workshop {
  const cache = cacheDirectory()
  return {
    parsed: endlessMemory(),
    renderings: endlessMemory(),
    rendered: cache === null ? memoryCache() : diskCache(join(cache, 'rendered')),
    tools: createToolbox({ directory: process.env['AMBIENT_GUARD_TOOLS'] }),
    remote: createRemote({
      allow: remote.allow,
      cacheDirectory: cache === null ? null : join(cache, 'remote'),
    }),
  }
}

/** As the XDG base directory specification has it; null where nobody has a home. */
function cacheDirectory(): string | null {
  const { XDG_CACHE_HOME: xdg, HOME: home } = process.env
  if (xdg !== undefined && xdg.startsWith('/')) return join(xdg, 'ambient-guard')
  return home === undefined || home === '' ? null : join(home, '.cache', 'ambient-guard')
}
