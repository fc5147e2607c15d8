// The pinned copies of kubectl and helm, for tests that need the real ones.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type LocalToolbox, createToolbox } from '../../src/manifests/tools/create-toolbox.ts'

const FOLDER = join(import.meta.dirname, '../../.tools')

/** A toolbox with the pinned copies, or null with one line that says what is skipped. */
export function pinnedToolbox(what: string): LocalToolbox | null {
  if (['kubectl', 'helm'].every((name) => existsSync(join(FOLDER, name)))) {
    return createToolbox({ directory: FOLDER })
  }
  process.stdout.write(
    `skipped: ${what}; the pinned kubectl and helm are not there, npm run tools brings them\n`,
  )
  return null
}
