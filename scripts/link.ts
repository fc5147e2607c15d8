// Puts the command where npx looks first. Without it, `npx ambient-guard` in a clone installs the clone into a cache of
// its own, and compiles all of it a second time. Run by `prepare`, which is also what `npm ci` does last.
import { chmodSync, mkdirSync, rmSync, symlinkSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'

/** Links the command below `root`; where that cannot be done, npx finds it all the same, in a minute instead of at once. */
export function linkCommand(root: string): void {
  const [program, link] = [join(root, 'dist/cli/main.js'), join(root, 'node_modules/.bin/ambient-guard')]
  try {
    chmodSync(program, 0o755)
    mkdirSync(dirname(link), { recursive: true })
    rmSync(link, { force: true })
    symlinkSync(relative(dirname(link), program), link)
  } catch (error) {
    if (!(error instanceof Error && 'syscall' in error)) throw error
  }
}

// npm takes shell scripts for commands on Windows, and makes them itself.
if (process.argv[1] === import.meta.filename && process.platform !== 'win32')
  linkCommand(join(import.meta.dirname, '..'))
