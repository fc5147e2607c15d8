#!/usr/bin/env node
// The program: this process's words, streams and exit code.
import { runCommandLine } from './command-line.ts'
import { lineWidth } from './output.ts'

const { stdin, stdout, stderr } = process

// Whoever reads has seen enough, as in `ambient-guard reach | head`. The exit code still tells the conclusion.
stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
})

process.exitCode = await runCommandLine(process.argv.slice(2), {
  input: stdin,
  write: (text) => void stdout.write(text),
  flushed: async () => {
    if (stdout.writableNeedDrain) await drained()
    return !stdout.destroyed
  },
  say: (line) => void stderr.write(`${line}\n`),
  // Node leaves both undefined, whatever its types say, where output is no terminal.
  terminal: Boolean(stdout.isTTY),
  width: lineWidth(process.env.COLUMNS, stdout.columns as number | undefined),
})

/** A reader that leaves closes the stream, which then never drains. */
function drained(): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      stdout.off('drain', done).off('close', done)
      resolve()
    }
    stdout.on('drain', done).on('close', done)
  })
}
