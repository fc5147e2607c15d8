// A case is a folder: `both/` holds what the two states share, `base/` and `head/` what they do not,
// `expected.json` what must be said, `fixed/` the files that the proved fix leaves behind.
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { CONFIG_PATH, DEFAULT_CONFIG, readConfig } from '../../src/core/config.ts'
import { policiesOf } from '../../src/core/index.ts'
import { proposedConfiguration } from '../../src/examine/configuration.ts'
import { examine } from '../../src/examine/examine.ts'
import type { Enroll, Report } from '../../src/examine/report.ts'
import { directoryTree, overlayTree, type Tree } from '../../src/git/tree.ts'
import type { Workshop } from '../../src/manifests/workshop.ts'
import { testWorkshop } from '../workshop.ts'

export interface Expected {
  /** From the specification: why what follows is right. */
  readonly why: string
  readonly conclusion: string
  readonly findings: readonly string[]
  readonly problems: readonly string[]
  /** Where enrolment is asked about: each namespace, its verdict, and how many findings and problems decide it. */
  readonly readiness?: readonly string[]
}

interface Options {
  readonly enroll?: Enroll
  readonly noBase?: boolean
  readonly today?: string
}

/** Every folder below `root` that holds an expected.json, as paths relative to it, sorted. */
export function findCases(root: string): readonly string[] {
  const found: string[] = []
  const walk = (folder: string): void => {
    if (existsSync(join(root, folder, 'expected.json'))) found.push(folder)
    else
      for (const name of readdirSync(join(root, folder)))
        if (statSync(join(root, folder, name)).isDirectory()) walk(join(folder, name))
  }
  walk('.')
  return found.sort()
}

/** With `files`, those stand in the head in place of what the case has there. Runs in one workshop parse a text once. */
export async function runCase(
  folder: string,
  files: ReadonlyMap<string, string> = new Map(),
  workshop: Workshop = testWorkshop(),
): Promise<Report> {
  const optionsFile = join(folder, 'options.json')
  const options = (existsSync(optionsFile) ? JSON.parse(readFileSync(optionsFile, 'utf8')) : {}) as Options
  const [base, head] = [stateOf(folder, 'base'), overlayTree(stateOf(folder, 'head'), files)]
  const configFile = [options.noBase === true ? 'head' : 'base', 'both']
    .map((part) => join(folder, part, CONFIG_PATH))
    .find((file) => existsSync(file))
  const { config, problems } =
    configFile === undefined
      ? { config: DEFAULT_CONFIG, problems: [] }
      : readConfig(CONFIG_PATH, readFileSync(configFile, 'utf8'))
  return examine({
    base: options.noBase === true ? null : base,
    head,
    trusted: options.noBase === true ? head : base,
    config,
    configProblems: problems,
    proposed: options.noBase === true ? null : await proposedConfiguration(base, head),
    enroll: options.enroll ?? [],
    today: options.today ?? '2026-11-23',
    only: null,
    repositories: [],
    workshop,
  })
}

/** `both/` and on top of it the folder of one side. Read where they lie: copying them took longer than all the rest. */
export function stateOf(folder: string, side: string): Tree {
  const layers = ['both', side]
    .filter((part) => existsSync(join(folder, part)))
    .map((part) => layerOf(join(folder, part)))
  const listed = Promise.all(layers.map((layer) => layer.files())).then((all) =>
    all.map((below, index) => {
      const above = new Set(all.slice(index + 1).flatMap((files) => files.map(({ path }) => path)))
      return below.filter(({ path }) => !above.has(path))
    }),
  )
  return {
    label: join(folder, side),
    files: async () => (await listed).flat().sort((a, b) => (a.path < b.path ? -1 : 1)),
    async read(files, wanted) {
      const found = new Map<string, Uint8Array>()
      for (const [index, own] of (await listed).entries()) {
        const paths = new Set(own.map(({ path }) => path))
        const asked = files.filter(({ path }) => paths.has(path))
        const bytes = asked.length === 0 ? undefined : await layers[index]?.read(asked, wanted)
        for (const [path, content] of bytes ?? []) found.set(path, content)
      }
      return found
    },
  }
}

const layers = new Map<string, Tree>()

/** One of each folder: both states, and each run of a case, list and read it once. Tests change none of them. */
function layerOf(folder: string): Tree {
  const layer = layers.get(folder) ?? directoryTree(folder)
  layers.set(folder, layer)
  return layer
}

/** The report in lines that a person can check against the specification. */
export function summarise(report: Report): Omit<Expected, 'why'> {
  return {
    conclusion: report.conclusion,
    findings: report.findings.map((finding) => {
      const { change, severity, certainty, rule, workload, direction, port, peers, cause, fix, waived } =
        finding
      const parts = [
        `${change} ${severity} (${certainty}) ${rule} ${workload.id} ${direction} ${String(port)}`,
        `peers ${peers.join(', ')}`,
        `policies ${policiesOf(finding)
          .map(({ path, line }) => `${path}:${String(line)}`)
          .join(', ')}`,
        `cause ${cause === null ? 'none' : `${cause.path}:${String(cause.line)}`}`,
        `fix ${fix === null ? 'none' : fix.files.map(({ path }) => path).join(', ')}`,
        ...(waived === null ? [] : [`waived until ${waived.expires}`]),
      ]
      return parts.join(' | ')
    }),
    problems: report.problems.map(
      ({ path, line, code, class: kind, change, relevant }) =>
        `${change} ${kind} ${code} ${path}:${String(line)}${relevant ? '' : ' (not relevant)'}`,
    ),
    ...(report.readiness === null
      ? {}
      : {
          readiness: report.readiness.namespaces.map(
            ({ namespace, verdict, findings, problems }) =>
              `${namespace} ${verdict} | findings ${String(findings.length)} | problems ${String(problems.length)}`,
          ),
        }),
  }
}

/** The files of `fixed/`, by path; what the fix must leave behind. */
export function fixedFiles(folder: string): ReadonlyMap<string, string> {
  const root = join(folder, 'fixed')
  const files = new Map<string, string>()
  const walk = (at: string): void => {
    for (const name of readdirSync(join(root, at))) {
      const path = at === '' ? name : `${at}/${name}`
      if (statSync(join(root, path)).isDirectory()) walk(path)
      else files.set(path, readFileSync(join(root, path), 'utf8'))
    }
  }
  if (existsSync(root)) walk('')
  return files
}
