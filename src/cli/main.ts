#!/usr/bin/env node
// The program: this process's words, streams and exit code.
import { setImmediate } from 'node:timers/promises'
import { runCommandLine } from './command-line.ts'
import { broken, lineWidth } from './output.ts'

const { stdin, stdout, stderr } = process

// Whoever reads has seen enough, as in `ambient-guard reach | head`. The exit code still tells the conclusion.
let isRead = true
stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  isRead = false
})

process.exitCode = await runCommandLine(process.argv.slice(2), {
  input: stdin,
  write: (text) => void stdout.write(text),
  flushed: async () => {
    if (stdout.writableNeedDrain) await drained()
    // Standard output is never destroyed; that nobody reads it is heard of a moment after the write.
    await setImmediate()
    return isRead
  },
  say: (text) => void stderr.write(`${stderr.isTTY ? broken(text, widthOf(stderr)) : text}\n`),
  // Node leaves both undefined, whatever its types say, where output is no terminal.
  terminal: Boolean(stdout.isTTY),
  width: widthOf(stdout),
})

function widthOf({ columns }: { readonly columns?: number }): number {
  return lineWidth(process.env.COLUMNS, columns)
}

function drained(): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      stdout.off('drain', done).off('error', done)
      resolve()
    }
    stdout.on('drain', done).on('error', done)
  })
}
