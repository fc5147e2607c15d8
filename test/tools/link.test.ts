// `npx ambient-guard` in a clone must not compile: npx looks into node_modules/.bin before it installs anything.
import {
  accessSync,
  constants,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { linkCommand } from '../../scripts/link.ts'

function clone(): string {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'ambient-guard-link-')))
  onTestFinished(() => {
    rmSync(root, { recursive: true, force: true })
  })
  return root
}

it('links the program that package.json names, again and again, so that it can be run', () => {
  const { bin } = JSON.parse(readFileSync('package.json', 'utf8')) as { bin: Record<string, string> }
  const root = clone()
  const program = join(root, bin['ambient-guard'] ?? '')
  mkdirSync(join(program, '..'), { recursive: true })
  writeFileSync(program, '', { mode: 0o644 })
  linkCommand(root)
  linkCommand(root)
  const link = join(root, 'node_modules/.bin/ambient-guard')
  expect(realpathSync(link)).toBe(program)
  accessSync(link, constants.X_OK)
})

it('leaves a clone alone in which nothing is built', () => {
  linkCommand(clone())
})

it('is what npm ci ends with', () => {
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> }
  expect(scripts.prepare).toMatch(/&& tsx scripts\/link\.ts$/)
})
