// Public manifests that stand beside the checkout, not in it. Tests that read them say so when they cannot.
import { existsSync } from 'node:fs'
import { join } from 'node:path'

const ROOT = process.env.AMBIENT_GUARD_CORPORA ?? ''

/** A folder or file of the corpora, or null, with one line that says what is skipped. */
export function corpus(name: string): string | null {
  const path = join(ROOT, name)
  if (ROOT !== '' && existsSync(path)) return path
  process.stdout.write(
    `skipped: ${name} is not there; set AMBIENT_GUARD_CORPORA to the folder that holds it\n`,
  )
  return null
}
