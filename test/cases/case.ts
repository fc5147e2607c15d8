// A case is a folder: `both/` holds what the two states share, `base/` and `head/` what they do not,
// `expected.json` what must be said, `fixed/` the files that the proved fix leaves behind.
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CONFIG_PATH, DEFAULT_CONFIG, readConfig } from '../../src/core/config.ts'
import { policiesOf } from '../../src/core/index.ts'
import { examine } from '../../src/examine/examine.ts'
import type { Enroll, Report } from '../../src/examine/report.ts'
import { directoryTree } from '../../src/git/tree.ts'
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

/** With `files`, those stand in the head in place of what the case has there. */
export async function runCase(
  folder: string,
  files: ReadonlyMap<string, string> = new Map(),
): Promise<Report> {
  const optionsFile = join(folder, 'options.json')
  const options = (existsSync(optionsFile) ? JSON.parse(readFileSync(optionsFile, 'utf8')) : {}) as Options
  const scratch = mkdtempSync(join(tmpdir(), 'ambient-guard-case-'))
  try {
    for (const side of ['base', 'head']) {
      mkdirSync(join(scratch, side))
      for (const part of ['both', side]) {
        if (existsSync(join(folder, part)))
          cpSync(join(folder, part), join(scratch, side), { recursive: true })
      }
    }
    for (const [path, text] of files) writeFileSync(join(scratch, 'head', path), text)
    const [base, head] = [directoryTree(join(scratch, 'base')), directoryTree(join(scratch, 'head'))]
    const configFile = join(scratch, options.noBase === true ? 'head' : 'base', CONFIG_PATH)
    const { config, problems } = existsSync(configFile)
      ? readConfig(CONFIG_PATH, readFileSync(configFile, 'utf8'))
      : { config: DEFAULT_CONFIG, problems: [] }
    return await examine({
      base: options.noBase === true ? null : base,
      head,
      trusted: options.noBase === true ? head : base,
      config,
      configProblems: problems,
      enroll: options.enroll ?? [],
      today: options.today ?? '2026-11-23',
      only: null,
      repositories: [],
      workshop: testWorkshop(),
    })
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
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
