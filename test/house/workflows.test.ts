// Workflows run code of pull requests: they get no more than reading, nothing that moves, and shell that parses.
import { spawnSync } from 'node:child_process'
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'

const FOLDER = join(import.meta.dirname, '../../.github/workflows')

interface Workflow {
  readonly on: Readonly<Record<string, unknown>>
  readonly permissions: unknown
  readonly jobs: Readonly<Record<string, { readonly permissions?: unknown; readonly steps: readonly Step[] }>>
}
interface Step {
  readonly uses?: string
  readonly run?: string
  readonly with?: Readonly<Record<string, unknown>>
}

describe.each(readdirSync(FOLDER))('.github/workflows/%s', (name) => {
  const workflow = parse(readFileSync(join(FOLDER, name), 'utf8')) as Workflow
  const steps = Object.values(workflow.jobs).flatMap((job) => job.steps)

  it('reads the repository, and that is all', () => {
    expect(workflow.permissions).toEqual({ contents: 'read' })
    expect(Object.values(workflow.jobs).filter(({ permissions }) => permissions !== undefined)).toEqual([])
    expect(Object.keys(workflow.on)).not.toContain('pull_request_target')
  })

  it('pins what it uses, and leaves no token in the checkout', () => {
    for (const step of steps.filter(({ uses }) => uses !== undefined)) {
      expect(step.uses).toMatch(/@[0-9a-f]{40}$/)
      if (step.uses?.startsWith('actions/checkout@') === true)
        expect(step.with).toEqual({ 'persist-credentials': false })
    }
  })

  it('has shell that parses, and no expression in it', () => {
    for (const { run } of steps.filter((step) => step.run !== undefined)) {
      expect(run).not.toContain('${{')
      const { status, stderr } = spawnSync('bash', ['-n'], { input: run, encoding: 'utf8' })
      expect([run, stderr, status]).toEqual([run, '', 0])
    }
  })
})
