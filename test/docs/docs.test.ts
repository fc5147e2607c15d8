// The examples in the docs are run. A page names files (```yaml both/x.yaml, base/…, head/…) and a command
// (```console); the ```text block after it must be what the command prints. UPDATE_DOCS=1 writes that block.
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { DEFAULT_CONFIG, readConfig } from '../../src/core/config.ts'
import { ambientGuardWith } from '../cli/command.ts'

const ROOT = join(import.meta.dirname, '../..')
const RULES = join(ROOT, 'docs/rules')

describe.each(readdirSync(RULES))('docs/rules/%s', (name) => {
  it('prints what the page says', async () => {
    const page = readFileSync(join(RULES, name), 'utf8')
    const folder = mkdtempSync(join(tmpdir(), 'ambient-guard-docs-'))
    try {
      for (const [, path = '', text = ''] of page.matchAll(/^```yaml (\S+)\n(.*?)^```$/gms))
        write(folder, path, text)
      const [example, command = ''] =
        /^```console\n\$ ambient-guard ([^\n]+)\n```\n(?:\n```text\n.*?^```\n)?/ms.exec(page) ?? []
      expect(example, 'the page has a command').toBeDefined()
      const printed = await run(command.split(' '), folder)
      const wanted = `\`\`\`console\n$ ambient-guard ${command}\n\`\`\`\n\n\`\`\`text\n${printed}\`\`\`\n`
      if (process.env.UPDATE_DOCS === '1')
        writeFileSync(
          join(RULES, name),
          page.replace(example ?? '', () => wanted),
        )
      else expect(example).toBe(wanted)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
})

it('docs/configuration.md shows a file that is valid and sets everything', () => {
  const page = readFileSync(join(ROOT, 'docs/configuration.md'), 'utf8')
  const [, text = ''] = /^```yaml \.github\/ambient-guard\.yml\n(.*?)^```$/ms.exec(page) ?? []
  const { config, problems } = readConfig('.github/ambient-guard.yml', text)
  expect(problems).toEqual([])
  expect(config.clusters[0]).toMatchObject({ name: 'prod', cni: 'cilium', podCIDRs: ['10.244.0.0/16'] })
  expect(config.waivers).toHaveLength(1)
  expect(Object.keys(config)).toEqual(Object.keys(DEFAULT_CONFIG))
})

it('docs/command-line.md shows the fields that check and reach print', async () => {
  const page = readFileSync(join(ROOT, 'docs/command-line.md'), 'utf8')
  const [shown, asked, explained, answered] = [...page.matchAll(/^```json\n(.*?)^```$/gms)].map(
    ([, text = '']) => JSON.parse(text) as unknown,
  )
  const folder = mkdtempSync(join(tmpdir(), 'ambient-guard-docs-'))
  try {
    const example = readFileSync(join(RULES, 'hbone-ingress.md'), 'utf8')
    for (const [, path = '', text = ''] of example.matchAll(/^```yaml (\S+)\n(.*?)^```$/gms))
      write(folder, path, text)
    write(folder, 'head/broken.yaml', 'apiVersion: v1\nkind: Namespace\nmetadata: [\n')
    const report: unknown = JSON.parse(
      await run(['check', '--base', 'base', '--head', 'head', '--format', 'json'], folder),
    )
    expect(fields(report)).toEqual(fields(shown))
    const wanted = join(ROOT, 'fixtures/cases/enrollment/what-if/both')
    const { readiness, findings } = JSON.parse(
      await run(['check', wanted, '--enroll', 'depot', '--explain', '--format', 'json'], folder),
    ) as { readonly readiness: unknown; readonly findings: readonly { readonly explanation: unknown }[] }
    expect(fields({ explanation: findings[0]?.explanation })).toEqual(fields(explained))
    expect(fields({ readiness })).toEqual(fields(asked))
    const me = 'Deployment/shop/my-app'
    rmSync(join(folder, 'head/broken.yaml'))
    const answer: unknown = JSON.parse(
      await run(['reach', 'head', '--from', me, '--to', me, '--port', '15008'], folder),
    )
    expect(fields(answer)).toEqual(fields(answered))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

it('docs/command-line.md shows how reports end', async () => {
  const file = join(ROOT, 'docs/command-line.md')
  const page = readFileSync(file, 'utf8')
  const example = /^```console\n\$ ambient-guard ([^\n]+)\n```\n\n```text\n(.*?)^```$/gms
  const examples = [...page.matchAll(example)]
  expect(examples.length).toBeGreaterThan(0)
  let printed = page
  for (const [whole, command = '', text = ''] of examples) {
    const [first = ''] = text.split('\n')
    const output = await run(command.split(' '), ROOT)
    const end = output.slice(Math.max(0, output.indexOf(first)))
    printed = printed.replace(whole, () => whole.replace(text, () => end))
  }
  if (process.env.UPDATE_DOCS === '1') writeFileSync(file, printed)
  else expect(page).toBe(printed)
})

/** The names of every field, at every depth: `findings.cause.line`. */
function fields(value: unknown, name: string = ''): readonly string[] {
  if (Array.isArray(value)) return [...new Set(value.flatMap((item) => fields(item, name)))].sort()
  if (typeof value !== 'object' || value === null) return [name]
  return [...new Set(Object.entries(value).flatMap(([key, item]) => fields(item, `${name}.${key}`)))].sort()
}

function write(folder: string, path: string, text: string): void {
  const [side = '', ...rest] = path.split('/')
  for (const target of side === 'both' ? ['base', 'head'] : [side]) {
    const file = join(folder, target, ...rest)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text)
  }
}

/**
 * As in a terminal of 100 columns without colours. In this process, from that folder: starting a program for each
 * example took longer than all the rest.
 */
async function run(args: readonly string[], cwd: string): Promise<string> {
  const here = process.cwd()
  process.chdir(cwd)
  try {
    vi.stubEnv('NO_COLOR', '1')
    const { stdout, stderr } = await ambientGuardWith({ terminal: true, width: 100 }, ...args)
    expect(stderr).toBe('')
    return stdout
  } finally {
    process.chdir(here)
    vi.unstubAllEnvs()
  }
}
