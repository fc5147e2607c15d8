// Where kustomize and helm are. A program counts once it has said its version: a shim, a wrapper that needs our
// environment or a kubectl from before it told its kustomize is passed over, and why is kept.
import { join } from 'node:path'
import { findCommand } from '../../exec.ts'
import type { Bounds } from './confinement.ts'
import { runConfined } from './run-confined.ts'
import type { Tool } from './toolbox.ts'

/** Folders by absolute path. */
export interface Places {
  readonly directory: string | null
  readonly pinned: string
}

export interface Found {
  readonly tool: Tool | null
  /** Clauses for people, without paths of this machine: `helm on PATH does not say its version`. */
  readonly passedOver: readonly string[]
}

/** The first usable program: AMBIENT_GUARD_TOOLS, then the pinned copies, then PATH. */
export async function findTool(name: 'kustomize' | 'helm', places: Places, bounds: Bounds): Promise<Found> {
  const passedOver: string[] = []
  const folders = [
    ['AMBIENT_GUARD_TOOLS', places.directory],
    ['pinned', places.pinned],
    ['PATH', ''],
  ] as const
  for (const [from, folder] of folders) {
    if (folder === null) continue
    for (const program of PROGRAMS[name]) {
      const path = await findCommand(folder === '' ? program : join(folder, program))
      if (path === null) continue
      const answer = await askVersion(program, path, bounds)
      if (answer.ok) return { tool: { name: program, path, version: answer.version, from }, passedOver }
      passedOver.push(`${program} ${WHERE[from]} ${answer.why}`)
    }
  }
  return { tool: null, passedOver }
}

const PROGRAMS = { kustomize: ['kustomize', 'kubectl'], helm: ['helm'] } as const

const WHERE = {
  AMBIENT_GUARD_TOOLS: 'in AMBIENT_GUARD_TOOLS',
  pinned: 'among the pinned copies',
  PATH: 'on PATH',
} as const

interface Question {
  readonly args: readonly string[]
  /** The text with the version in it. */
  readonly read: (stdout: string) => string
  readonly silent: string
}

/**
 * kustomize 5 answers `v5.6.0`, 3 and 4 `{Version:kustomize/v4.5.7 …}`, and one that `go install` built `(devel)`.
 * kubectl tells its kustomize since kubernetes/kubernetes#108817; `--client` keeps it from asking a cluster.
 */
const QUESTIONS: Readonly<Record<Tool['name'], Question>> = {
  kustomize: { args: ['version'], read: (text) => text, silent: 'does not say its version' },
  kubectl: {
    args: ['version', '--client', '-o', 'json'],
    read: kustomizeVersion,
    silent: 'does not say which kustomize it carries',
  },
  helm: {
    args: ['version', '--template', '{{.Version}}'],
    read: (text) => text,
    silent: 'does not say its version',
  },
}

type Answer = { readonly ok: true; readonly version: string } | { readonly ok: false; readonly why: string }

async function askVersion(program: Tool['name'], path: string, bounds: Bounds): Promise<Answer> {
  const question = QUESTIONS[program]
  const said = await runConfined(path, () => question.args, new Map(), bounds)
  const match = said.ok ? VERSION.exec(question.read(said.stdout)) : null
  if (match === null) return { ok: false, why: question.silent }
  const version = `v${match[1] ?? ''}`
  // helm 2 renders with other functions and asks a server for its version.
  if (program === 'helm' && /^v[0-2]\./.test(version))
    return { ok: false, why: `is ${version}, and 3 is the oldest that counts` }
  return { ok: true, version }
}

const VERSION = /\bv?(\d+\.\d+\.\d+(?:-[\w.]+)?)/

function kustomizeVersion(text: string): string {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null || !('kustomizeVersion' in value)) return ''
    return typeof value.kustomizeVersion === 'string' ? value.kustomizeVersion : ''
  } catch {
    return ''
  }
}
