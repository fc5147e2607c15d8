// A Dockerfile as the steps of its stages. Only what our own Dockerfile uses is understood, and everything else is
// refused: a step that is not performed must not look as if it had been.
import { DockerfileParser } from 'dockerfile-ast'
import type { Copy, Env, From, Healthcheck, Instruction, Label, Run } from 'dockerfile-ast'

/** Paths are as in the file: absolute, or relative to the working directory. */
export type Step =
  | { readonly kind: 'workdir'; readonly path: string }
  | { readonly kind: 'run'; readonly command: string }
  | {
      readonly kind: 'copy'
      /** A stage; null: what is sent to the engine. */
      readonly from: string | null
      readonly sources: readonly string[]
      readonly target: string
    }

export interface Stage {
  readonly name: string
  /** `node:24.21.0-bookworm-slim@sha256:…`, or the name of an earlier stage. */
  readonly base: string
  readonly steps: readonly Step[]
  readonly env: Readonly<Record<string, string>>
  readonly labels: Readonly<Record<string, string>>
  /** `1000:1000`; null: root. */
  readonly user: string | null
  readonly volumes: readonly string[]
  readonly ports: readonly string[]
  readonly healthcheck: readonly string[] | null
  readonly command: readonly string[] | null
}

/** The stages in order; the last is the image. @throws Error on whatever is not understood, with its line. */
export function readDockerfile(text: string): readonly Stage[] {
  const stages: Stage[] = []
  for (const instruction of DockerfileParser.parse(text).getInstructions()) {
    if (instruction.getKeyword() === 'FROM') {
      stages.push(openStage(instruction as From, stages.length))
      continue
    }
    const current = stages.pop()
    if (current === undefined) throw refusal(instruction, 'stands before the first FROM')
    stages.push({ ...current, ...read(current, instruction) })
  }
  return stages
}

function openStage(from: From, index: number): Stage {
  const base = from.getImage()
  if (base === null) throw refusal(from, 'names no image')
  return {
    name: from.getBuildStage() ?? String(index),
    base,
    steps: [],
    env: {},
    labels: {},
    user: null,
    volumes: [],
    ports: [],
    healthcheck: null,
    command: null,
  }
}

function read(stage: Stage, instruction: Instruction): Partial<Stage> {
  const words = instruction.getArguments().map((argument) => argument.getValue())
  const content = instruction.getArgumentsContent() ?? ''
  switch (instruction.getKeyword()) {
    case 'WORKDIR':
      return { steps: [...stage.steps, { kind: 'workdir', path: content }] }
    case 'RUN':
      if ((instruction as Run).getFlags().length > 0 || /^(?:\[|<<)/.test(content))
        throw refusal(instruction, 'is not a plain shell command')
      return { steps: [...stage.steps, { kind: 'run', command: content }] }
    case 'COPY':
      return { steps: [...stage.steps, readCopy(instruction as Copy, words)] }
    case 'ENV':
      return { env: { ...stage.env, ...pairs(instruction as Env) } }
    case 'LABEL':
      return { labels: { ...stage.labels, ...pairs(instruction as Label) } }
    case 'ARG':
      return {}
    case 'USER':
      return { user: content }
    case 'VOLUME':
      return { volumes: [...stage.volumes, ...words] }
    case 'EXPOSE':
      return { ports: [...stage.ports, ...words] }
    case 'HEALTHCHECK': {
      const kind = (instruction as Healthcheck).getSubcommand()?.getValue()
      if (kind !== 'CMD') throw refusal(instruction, 'is no command')
      return { healthcheck: exec(instruction, content.slice(content.indexOf('CMD') + 'CMD'.length)) }
    }
    case 'CMD':
      return { command: exec(instruction, content) }
    default:
      throw refusal(instruction, 'is not understood')
  }
}

function readCopy(copy: Copy, words: readonly string[]): Step {
  const flags = copy.getFlags()
  const from = copy.getFromFlag()?.getValue() ?? null
  const sources = words.slice(0, -1)
  const target = words.at(-1)
  if (flags.length > (from === null ? 0 : 1)) throw refusal(copy, 'has a flag that is not understood')
  if (target === undefined || sources.length === 0) throw refusal(copy, 'has no source or no target')
  if (words.some((word) => /[*?[\]$"]/.test(word)))
    throw refusal(copy, 'has a pattern, a variable or a quotation')
  return { kind: 'copy', from, sources, target }
}

function pairs(instruction: Env | Label): Readonly<Record<string, string>> {
  return Object.fromEntries(
    instruction.getProperties().map((property) => [property.getName(), property.getValue() ?? '']),
  )
}

/** The exec form, `["node", "…"]`: a shell in between would not hand signals on. */
function exec(instruction: Instruction, text: string): readonly string[] {
  try {
    const words: unknown = JSON.parse(text)
    if (Array.isArray(words) && words.every((word) => typeof word === 'string')) return words
  } catch {
    // Told below.
  }
  throw refusal(instruction, 'is not in exec form')
}

function refusal(instruction: Instruction, why: string): Error {
  const line = instruction.getRange().start.line + 1
  return new Error(`Dockerfile, line ${String(line)}: ${instruction.getKeyword()} ${why}`)
}
