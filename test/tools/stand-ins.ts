// Programs that stand in for kustomize, kubectl and helm: shell scripts that answer with a version and then do what a
// test wants. They have no PATH, so they call everything else by its whole path.
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { findCommand } from '../../src/exec.ts'

const VERSIONS = {
  kustomize: 'echo v5.9.1',
  kubectl: `echo '{"clientVersion": {"gitVersion": "v1.99.0"}, "kustomizeVersion": "v5.9.2"}'`,
  helm: 'printf v3.99.0',
}

/** Puts a program into a folder. Asked for its version it runs `version`, and otherwise `body`. */
export function standIn(
  folder: string,
  name: keyof typeof VERSIONS,
  body = ':',
  version = VERSIONS[name],
): string {
  mkdirSync(folder, { recursive: true })
  const path = join(folder, name)
  writeFileSync(path, `#!/bin/sh\nif [ "$1" = version ]; then\n${version}\nexit\nfi\n${body}\n`)
  chmodSync(path, 0o755)
  return path
}

/** The whole path of a program of this machine. */
export async function whole(name: string): Promise<string> {
  const path = await findCommand(name)
  if (path === null) throw new Error(`these tests need ${name}`)
  return path
}

/** Runs `work` with variables of our own environment replaced, or removed where they are undefined. */
export async function withEnv<T>(
  changes: Readonly<Record<string, string | undefined>>,
  work: () => Promise<T>,
): Promise<T> {
  const before = Object.keys(changes).map((name) => [name, process.env[name]] as const)
  const set = (name: string, value: string | undefined): void => {
    if (value === undefined) Reflect.deleteProperty(process.env, name)
    else process.env[name] = value
  }
  for (const [name, value] of Object.entries(changes)) set(name, value)
  try {
    return await work()
  } finally {
    for (const [name, value] of before) set(name, value)
  }
}
