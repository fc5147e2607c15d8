// One run of a program on files that nobody vouches for: a scratch directory, the program, its words, and no trace.
import { basename, isAbsolute } from 'node:path'
import { CommandFailed, type Completed, run } from '../../exec.ts'
import { type Bounds, confinement } from './confinement.ts'
import { withoutWaysOut } from './schemas.ts'
import { inScratch } from './scratch.ts'
import { tidyMessage } from './tidy-message.ts'
import type { ToolResult, ToolRun } from './toolbox.ts'

/**
 * Runs the program at an absolute path. Whatever the files, the program or the limits bring about is a result.
 * @throws what the file system throws where no scratch directory can be made or removed.
 */
export async function runConfined(
  program: string,
  args: ToolRun['args'],
  files: ToolRun['files'],
  bounds: Bounds,
): Promise<ToolResult> {
  const harmless = withoutWaysOut(files)
  if (typeof harmless === 'string') return { ok: false, message: harmless }
  return inScratch(harmless, bounds.maxFileBytes, async ({ tree, temporary }) => {
    const argv = args(tree)
    const name = basename(program)
    const failed = (message: string): ToolResult => ({
      ok: false,
      message: tidyMessage(message, { tree, temporary, programs: [program, ...programsIn(argv, tree)] }),
    })
    let done: Completed
    try {
      done = await run(program, argv, confinement(tree, temporary, bounds))
    } catch (error) {
      if (!(error instanceof CommandFailed)) throw error
      const limits =
        error.reason === 'killed' ? ', as happens beyond its limits of processor time and memory' : ''
      return failed(`${error.message}${limits}\n${error.stderr}`)
    }
    if (done.code === 0) return { ok: true, stdout: done.stdout.toString('utf8') }
    const silent = done.stderr.trim() === ''
    return failed(silent ? `${name} ended with exit code ${String(done.code)}` : done.stderr)
  })
}

/** Absolute paths that the arguments hold beside the scratch directory, as in `--helm-command /opt/helm`. */
function programsIn(argv: readonly string[], tree: string): string[] {
  return argv
    .map((text) => text.replace(/^--?[\w-]+=/, ''))
    .filter(
      (text) => isAbsolute(text) && basename(text) !== '' && text !== tree && !text.startsWith(`${tree}/`),
    )
}
