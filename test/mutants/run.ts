// Are the tests of the policy engine worth anything? Each mutant is put into a copy of the tree, alone, and some test
// must fail. A mutant that survives, or whose place in the source is gone, ends with 1.
// Usage: npm run mutants [-- part of a file name …]
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createVitest } from 'vitest/node'
import type { TestModule, Vitest } from 'vitest/node'
import { engine } from './list/engine.ts'
import { policyKind } from './list/policy-kind.ts'
import { query } from './list/query.ts'
import { sets } from './list/sets.ts'

const ROOT = join(import.meta.dirname, '../..')
const COPIED = ['src', 'test', 'fixtures', 'package.json', 'tsconfig.json']
/** `npm run tools` lays out the latter: some cases are rendered. */
const LINKED = ['node_modules', '.tools']
/** From the fastest to the slowest; a mutant that one stage kills does not meet the next. */
const STAGES = [['test/core/sets.test.ts', 'test/twin'], ['test/core', 'test/cli/reach'], ['test/cases']]
/** Milliseconds after which a mutant counts as killed: it may well loop for ever. */
const PATIENCE = 300_000

const wanted = process.argv.slice(2)
const files = [...engine, policyKind, query, ...sets].filter(
  ({ file }) => wanted.length === 0 || wanted.some((part) => file.includes(part)),
)
const copy = mkdtempSync(join(tmpdir(), 'ambient-guard-mutants-'))
const say = (line: string): void => void process.stdout.write(`${line}\n`)

try {
  for (const path of COPIED) cpSync(join(ROOT, path), join(copy, path), { recursive: true })
  for (const path of LINKED) symlinkSync(join(ROOT, path), join(copy, path))
  process.exitCode = (await judge()) ? 0 : 1
} finally {
  rmSync(copy, { recursive: true, force: true })
}

/** True where every mutant is killed and every snippet stands where it should. */
async function judge(): Promise<boolean> {
  let vitest = await start()
  const failing = await killer(vitest)
  if (failing !== null) {
    say(`${failing}: the tests fail without any mutant: mend them first.`)
    await vitest.close()
    return false
  }
  let [killed, others] = [0, 0]
  for (const { file, mutants, equivalent = [] } of files) {
    const source = readFileSync(join(copy, file), 'utf8')
    const put = (text: string): void => {
      writeFileSync(join(copy, file), text)
      vitest.invalidateFile(join(copy, file))
    }
    for (const [snippet] of equivalent.filter(([text]) => !once(source, text))) {
      others += 1
      say(`LOST      ${file}  ${JSON.stringify(snippet)}`)
    }
    for (const [snippet, replacement] of mutants) {
      const found = once(source, snippet)
      if (found) put(source.replace(snippet, () => replacement))
      const by = found ? await killer(vitest) : null
      put(source)
      if (by === null) others += 1
      else killed += 1
      const fate = found ? (by === null ? 'SURVIVED' : 'killed  ') : 'LOST    '
      say(`${fate}  ${file}  ${JSON.stringify(snippet)} -> ${JSON.stringify(replacement)}  ${by ?? ''}`)
      if (by === 'time') {
        await vitest.close()
        vitest = await start()
      }
    }
  }
  await vitest.close()
  say(`${String(killed)} killed, ${String(others)} survived or lost`)
  return others === 0
}

function once(source: string, snippet: string): boolean {
  return source.split(snippet).length === 2
}

function start(): Promise<Vitest> {
  // One process for all mutants: only what changed is read again.
  const config = 'test/mutants/vitest.config.ts'
  return createVitest('test', { root: copy, config, watch: false, reporters: [{}] })
}

/** The stage that fails, or `time`; null where all pass. */
async function killer(vitest: Vitest): Promise<string | null> {
  for (const stage of STAGES) {
    const specifications = await vitest.globTestSpecifications(stage)
    if (specifications.length === 0) throw new Error(`no tests: ${stage.join(' ')}`)
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<null>((resolve) => {
      timer = setTimeout(resolve, PATIENCE, null)
    })
    const result = await Promise.race([vitest.runTestSpecifications(specifications), late])
    clearTimeout(timer)
    if (result === null) return 'time'
    if (result.testModules.some(hasFailed)) return stage.join(' ')
  }
  return null
}

/** A module that ended at the first failure may call itself well. */
function hasFailed(module: TestModule): boolean {
  return !module.ok() || !module.children.allTests('failed').next().done
}
