#!/usr/bin/env node
// The program: this process's words, streams and exit code.
import { runCommandLine } from './command-line.ts'

process.exitCode = await runCommandLine(process.argv.slice(2), {
  write: (text) => void process.stdout.write(text),
  say: (line) => void process.stderr.write(`${line}\n`),
  terminal: process.stdout.isTTY,
})
