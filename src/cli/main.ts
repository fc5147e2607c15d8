#!/usr/bin/env node
// The program: this process's words, streams and exit code.
import { runCommandLine } from './command-line.ts'

// Whoever reads has seen enough, as in `ambient-guard reach | head`. The exit code still tells the conclusion.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
})

process.exitCode = await runCommandLine(process.argv.slice(2), {
  write: (text) => void process.stdout.write(text),
  say: (line) => void process.stderr.write(`${line}\n`),
  // Node leaves it undefined, whatever its types say, where output is no terminal.
  terminal: Boolean(process.stdout.isTTY),
})
