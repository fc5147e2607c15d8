// What is wrong with a folder that a setting names, found at the start and not by the first pull request.
import { accessSync, constants, readdirSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'

const PROGRAMS = ['kustomize', 'kubectl', 'helm']

/**
 * What follows "AMBIENT_GUARD_TOOLS …" in a sentence where a folder cannot be what was meant, since other programs than
 * those that somebody chose would render; null where it can.
 */
export function toolsTrouble(directory: string): string | null {
  try {
    const found = readdirSync(directory).some((name) => PROGRAMS.includes(name))
    return found ? null : 'holds neither kustomize nor kubectl nor helm'
  } catch {
    return 'is no folder'
  }
}

/**
 * What follows "CACHE_DIR …" in a sentence where a folder cannot be made, or not be written to; null where it can. Nothing
 * is made or written: of a folder that is not there, the nearest one above it has the answer.
 */
export function cacheTrouble(directory: string): string | null {
  const whole = resolve(directory)
  let path = whole
  while (!isThere(path) && dirname(path) !== path) path = dirname(path)
  if (!isThere(path, 'folder')) return path === whole ? 'is no folder' : 'cannot be made'
  try {
    accessSync(path, constants.W_OK | constants.X_OK)
    return null
  } catch {
    return path === whole ? 'cannot be written to' : 'cannot be made'
  }
}

function isThere(path: string, as: 'anything' | 'folder' = 'anything'): boolean {
  try {
    return statSync(path).isDirectory() || as === 'anything'
  } catch {
    return false
  }
}
