// What the whole check costs on a real tree of 9,000 files, beside the least that any check must do: read every file
// and parse the relevant documents. A check of two states reads two states, so its baseline does too; the contents
// that they share need parsing once, by anybody who remembers what was parsed. The baseline uses none of our code, or
// a slow tree of ours would excuse a slow check.
import { execFileSync, fork } from 'node:child_process'
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { load as parseYaml } from 'js-yaml'
import { DEFAULT_CONFIG } from '../src/core/config.ts'
import { JUDGED_KINDS } from '../src/core/kubernetes/state.ts'
import { examine } from '../src/examine/examine.ts'
import type { Report } from '../src/examine/report.ts'
import { directoryTree } from '../src/git/tree.ts'
import { testWorkshop } from '../test/workshop.ts'
import { fastest, say } from './measure.ts'

/** What a run of its own does, for the memory of one thing at a time. */
const PARTS: Readonly<Record<string, (folder: string) => unknown>> = {
  'reading and parsing one state': (folder) => plain([folder]),
  'check --base none': (folder) => check(null, folder),
  'reading two states, parsing one': (folder) => plain([folder, folder]),
  'check of two states': (folder) => check(folder, folder),
}

/** Prints both ratios, and the peak memory of each part in a process of its own. */
export async function moj(archive: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'ambient-guard-bench-'))
  try {
    execFileSync('tar', ['xf', archive, '-C', folder])
    const times = await fastest(
      5,
      Object.values(PARTS).map((part) => () => part(folder)),
    )
    const peaks: number[] = []
    for (const name of Object.keys(PARTS)) peaks.push(await peak(name, folder))
    for (const [index, name] of Object.keys(PARTS).entries()) {
      say(`moj, ${name}: ${ms(times[index])}, peak ${String(peaks[index])} MB in a process of its own`)
    }
    const [plainOne = NaN, one = NaN, plainTwo = NaN, two = NaN] = times
    say(`moj, ratio for one state: ${(one / plainOne).toFixed(2)}`)
    say(`moj, ratio for base and head: ${(two / plainTwo).toFixed(2)}`)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** What the process that `peak` starts does. */
export async function part(name: string, folder: string): Promise<void> {
  await PARTS[name]?.(folder)
  process.send?.(Math.round(process.resourceUsage().maxRSS / 1024))
}

function peak(name: string, folder: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = fork(join(import.meta.dirname, 'bench.ts'), [name, folder])
    child.once('message', (megabytes) => {
      resolve(Number(megabytes))
    })
    child.once('error', reject)
  })
}

function check(base: string | null, head: string): Promise<Report> {
  const tree = directoryTree(head)
  const baseTree = base === null ? null : directoryTree(base)
  return examine({
    base: baseTree,
    head: tree,
    trusted: baseTree ?? tree,
    config: DEFAULT_CONFIG,
    configProblems: [],
    proposed: null,
    enroll: [],
    today: '2026-01-01',
    only: null,
    repositories: [],
    workshop: testWorkshop(),
  })
}

const RELEVANT = new RegExp(`^kind: (${JUDGED_KINDS.join('|')})\\b`, 'm')

function plain(folders: readonly string[]): readonly unknown[] {
  const parsed = new Map<string, unknown>()
  for (const folder of folders) {
    for (const path of yamlFiles(folder)) {
      const text = readFileSync(path, 'utf8')
      if (parsed.has(text)) continue
      const documents = text.split(/^---/m).filter((document) => RELEVANT.test(document))
      parsed.set(
        text,
        documents.map((document) => parseYaml(document)),
      )
    }
  }
  return [...parsed.values()]
}

function yamlFiles(folder: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    return entry.isDirectory() ? yamlFiles(path) : /\.ya?ml$/.test(path) ? [path] : []
  })
}

function ms(milliseconds = NaN): string {
  return `${milliseconds.toFixed(0)} ms`
}
