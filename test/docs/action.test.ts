// action.yml and the workflows of docs/github-action.md: parsed, held against each other, and the script that starts
// the review run with hostile input.
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { parse } from 'yaml'
import { ambientGuard } from '../cli/command.ts'

const ROOT = join(import.meta.dirname, '../..')

interface Step {
  readonly name?: string
  readonly uses?: string
  readonly run?: string
  readonly shell?: string
  readonly env?: Readonly<Record<string, string>>
  readonly with?: Readonly<Record<string, unknown>>
}
interface Action {
  readonly inputs: Readonly<Record<string, { readonly description: string; readonly default: string }>>
  readonly runs: { readonly using: string; readonly steps: readonly Step[] }
}
interface Workflow {
  readonly name: string
  readonly on: Readonly<Record<string, unknown>>
  readonly concurrency?: { readonly group: string }
  readonly permissions: Readonly<Record<string, string>>
  readonly jobs: Readonly<Record<string, { readonly steps: readonly Step[] }>>
}

const action = parse(readFileSync(join(ROOT, 'action.yml'), 'utf8')) as Action
const page = readFileSync(join(ROOT, 'docs/github-action.md'), 'utf8')
const workflows = [...page.matchAll(/^```yaml (\.github\/workflows\/\S+)\n(.*?)^```$/gms)].map(
  ([, path = '', text = '']) => ({ path, workflow: parse(text) as Workflow }),
)
const reviews = workflows.filter(({ path }) => !path.includes('scanning'))

it('the action pins what it uses, as this repository does, and writes no input into a script', () => {
  const ci = readFileSync(join(ROOT, '.github/workflows/ci.yml'), 'utf8')
  expect(action.runs.using).toBe('composite')
  for (const { uses, run, shell } of action.runs.steps) {
    expect((uses ?? run ?? '') !== '').toBe(true)
    if (uses !== undefined) {
      expect(uses).toMatch(/@[0-9a-f]{40}$/)
      expect(ci).toContain(uses)
    }
    if (run !== undefined) expect([shell, run.includes('${{')]).toEqual(['bash', false])
  }
  // In a container job an expression names a folder of the host (actions/runner#2185).
  expect(JSON.stringify(action.runs)).not.toContain('github.action_path')
  // A cache is asked for by a package.json in the workspace, which this action has nothing to do with.
  const setup = action.runs.steps.find(({ uses }) => uses?.startsWith('actions/setup-node@') === true)
  expect(setup?.with).toMatchObject({ 'package-manager-cache': false })
  // Neither npm nor what it installs sees the token.
  const seeing = action.runs.steps.filter(({ env }) => JSON.stringify(env ?? {}).includes('token'))
  expect(seeing.map(({ name }) => name)).toEqual(['Review'])
})

it('the page names every input, and every permission that its workflows give', () => {
  const rows = [...page.matchAll(/^\| `([a-z]+)` +\|/gm)].map(([, name]) => name)
  expect(rows).toEqual(Object.keys(action.inputs))
  expect(reviews).toHaveLength(2)
  const listed = [...page.matchAll(/^\| `([a-z-]+): (read|write)`/gm)].map(([, name, level]) => [name, level])
  for (const { workflow } of reviews) expect(Object.entries(workflow.permissions)).toEqual(listed)
})

it('its workflows check nothing out beside the token, and pin the action', () => {
  for (const { workflow } of reviews) {
    expect(Object.keys(workflow.on)).toContain('merge_group')
    const jobs = Object.entries(workflow.jobs)
    // A job is a check run, and two of one name are hard to tell apart.
    expect(jobs.map(([name]) => name)).not.toContain('ambient-guard')
    const steps = jobs.flatMap(([, job]) => job.steps)
    expect(steps.map(({ uses }) => uses)).toEqual([
      expect.stringMatching(/^OWNER\/ambient-guard@[0-9a-f]{40}$/),
    ])
    expect(steps.flatMap((step) => Object.keys(step.with ?? {}))).toEqual([])
  }
  expect(workflows).toHaveLength(3)
})

it('its workflows can stand beside each other, and whatever they use is pinned', () => {
  const groups = workflows.flatMap(({ workflow: { concurrency } }) => concurrency?.group ?? [])
  for (const names of [workflows.map(({ workflow }) => workflow.name), groups])
    expect(new Set(names).size).toBe(names.length)
  const used = workflows.flatMap(({ workflow }) =>
    Object.values(workflow.jobs).flatMap(({ steps }) => steps.flatMap(({ uses }) => uses ?? [])),
  )
  for (const uses of used) expect(uses).toMatch(/@[0-9a-f]{40}$/)
})

it('the script of the review hands the number on as one word, whatever it holds', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ambient-guard-action-'))
  try {
    mkdirSync(join(folder, 'dist/cli'), { recursive: true })
    writeFileSync(join(folder, 'dist/cli/main.js'), 'console.log(JSON.stringify(process.argv.slice(2)))\n')
    const script = action.runs.steps.find(({ name }) => name === 'Review')?.run ?? ''
    const words = (pull: string): unknown => {
      const env = { PATH: process.env.PATH ?? '', GITHUB_ACTION_PATH: folder, PULL: pull }
      return JSON.parse(
        execFileSync('bash', ['-e', '-o', 'pipefail', '-c', script], { env, encoding: 'utf8' }),
      )
    }
    expect(words('')).toEqual(['review'])
    expect(words('12')).toEqual(['review', '--pull', '12'])
    expect(words('1; touch $(pwd)/x "')).toEqual(['review', '--pull', '1; touch $(pwd)/x "'])
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

it.each([
  ['pinned', 0, ['ci --ignore-scripts --no-audit --no-fund', 'run --silent build', 'run --silent tools']],
  ['path', 0, ['ci --ignore-scripts --no-audit --no-fund', 'run --silent build']],
  ['Pinned', 2, []],
  ['', 2, []],
  ['$(touch x)', 2, []],
])('the tools %j are installed from the folder of the action, or refused', (tools, code, calls) => {
  const folder = mkdtempSync(join(tmpdir(), 'ambient-guard-action-'))
  try {
    const npm = `#!/bin/sh\nprintf '%s\\n' "$*" >> calls\n`
    writeFileSync(join(folder, 'npm'), npm, { mode: 0o755 })
    const script = action.runs.steps.find(({ name }) => name === 'Install ambient-guard')?.run ?? ''
    const env = {
      PATH: `${folder}:${process.env.PATH ?? ''}`,
      GITHUB_ACTION_PATH: folder,
      TOOLS: tools,
    }
    const done = spawnSync('bash', ['-e', '-o', 'pipefail', '-c', script], { env, encoding: 'utf8' })
    expect(done.status).toBe(code)
    expect(done.stderr).toContain(code === 0 ? '' : 'Write pinned or path.')
    const called = join(folder, 'calls')
    expect(existsSync(called) ? readFileSync(called, 'utf8').trim().split('\n') : []).toEqual(calls)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

it('the command that it starts has those options', async () => {
  const { code, stdout } = await ambientGuard('review', '--help')
  expect(code).toBe(0)
  expect(stdout).toContain('--pull <number>')
  expect(stdout).toContain('--repo <owner/repo>')
})
