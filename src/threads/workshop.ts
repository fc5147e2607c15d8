// What a process that looks at many pull requests loads trees with, for as long as it lives.
import { join } from 'node:path'
import type { Config } from '../core/config.ts'
import type { ParsedFile } from '../manifests/parse.ts'
import { createRecall } from '../manifests/recall.ts'
import { diskCache } from '../manifests/render-cache.ts'
import { createToolbox } from '../manifests/tools/create-toolbox.ts'
import type { Rendering } from '../manifests/unit.ts'
import type { Workshop } from '../manifests/workshop.ts'
import { createRemote } from '../remote/remote.ts'
import { createRecent } from './recent.ts'
import type { Lookups } from './recent.ts'

export interface WorkshopPlace {
  readonly cacheDirectory: string
  /** A folder whose kustomize and helm come before all others; null: the pinned copies, then PATH. */
  readonly toolsDirectory: string | null
  /** Workshops of this process that render side by side; 1 where that is not said. */
  readonly workshops?: number
}

/** Files kept parsed, over all repositories: some kilobytes each. */
const PARSED_FILES = 20_000
/** Renderings kept, each with all of its objects. */
const RENDERINGS = 1_000

export interface SharedWorkshop {
  /** What is remembered is shared by all; what may be fetched is the configuration's to say. */
  of(config: Config): Workshop
  /** Lookups since this was last read, by memory. */
  lookups(): Readonly<Record<string, Lookups>>
}

export function layOutWorkshop({
  cacheDirectory,
  toolsDirectory,
  workshops = 1,
}: WorkshopPlace): SharedWorkshop {
  const parsed = createRecent<ParsedFile>(PARSED_FILES)
  const renderings = createRecent<Rendering>(RENDERINGS)
  const lasting = {
    parsed,
    renderings,
    rendered: diskCache(join(cacheDirectory, '_rendered')),
    tools: createToolbox({ directory: toolsDirectory ?? undefined, sharedBy: workshops }),
    recall: createRecall(),
  }
  return {
    of: ({ remote }) => ({
      ...lasting,
      remote: createRemote({ allow: remote.allow, cacheDirectory: join(cacheDirectory, '_remote') }),
    }),
    lookups: () => ({ parsed: parsed.lookups(), renderings: renderings.lookups() }),
  }
}
