import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { isolatesNetwork } from '../../src/exec.ts'
import { createToolbox } from '../../src/manifests/tools/create-toolbox.ts'
import { missingTool } from '../../src/manifests/tools/missing-tool.ts'
import { sandbox } from '../git/sandbox.ts'
import { standIn, withEnv } from './stand-ins.ts'

const root = sandbox()
let count = 0

/** A toolbox with three places of its own, of which only the last is on PATH. */
function places() {
  count += 1
  const here = join(root, String(count))
  const [directory, pinned, onPath] = [join(here, 'directory'), join(here, 'pinned'), join(here, 'path')]
  const ask = (name: 'kustomize' | 'helm') =>
    withEnv({ PATH: onPath }, async () => {
      const toolbox = createToolbox({ directory, pinned })
      return { tool: await toolbox[name](), passedOver: await toolbox.passedOver(name) }
    })
  return { directory, pinned, onPath, ask }
}

describe('where a tool is looked for', () => {
  // How runs are cut off is found out on the PATH of this machine, not on one of a test.
  beforeAll(isolatesNetwork)

  it('takes AMBIENT_GUARD_TOOLS before the pinned copies, and those before PATH', async () => {
    const { directory, pinned, onPath, ask } = places()
    const last = standIn(onPath, 'helm')
    expect((await ask('helm')).tool).toEqual({ name: 'helm', path: last, version: 'v3.99.0', from: 'PATH' })
    const middle = standIn(pinned, 'helm')
    expect((await ask('helm')).tool).toMatchObject({ path: middle, from: 'pinned' })
    const first = standIn(directory, 'helm')
    expect((await ask('helm')).tool).toMatchObject({ path: first, from: 'AMBIENT_GUARD_TOOLS' })
  })

  it('takes kubectl where there is no kustomize, with the version of the kustomize in it', async () => {
    const { directory, ask } = places()
    const kubectl = standIn(directory, 'kubectl')
    expect((await ask('kustomize')).tool).toMatchObject({ name: 'kubectl', path: kubectl, version: 'v5.9.2' })
    standIn(directory, 'kustomize')
    expect((await ask('kustomize')).tool).toMatchObject({ name: 'kustomize', version: 'v5.9.1' })
  })

  it('takes kubectl of a better place before kustomize of a worse one', async () => {
    const { directory, onPath, ask } = places()
    standIn(onPath, 'kustomize')
    standIn(directory, 'kubectl')
    expect((await ask('kustomize')).tool).toMatchObject({ name: 'kubectl', from: 'AMBIENT_GUARD_TOOLS' })
  })

  // What kustomize 4 and 3 print: kustomize/api/provenance and kustomize issue 1424.
  it.each([
    ['v5.6.0', 'v5.6.0'],
    ['{Version:kustomize/v4.5.7 GitCommit:56d82a8 BuildDate:2022-08-02T16:35:54Z GoOs:linux}', 'v4.5.7'],
    ['Version: {KustomizeVersion:3.1.0 GitCommit:95f3303}', 'v3.1.0'],
  ])('reads the version in %s', async (said, version) => {
    const { directory, ask } = places()
    standIn(directory, 'kustomize', ':', `echo '${said}'`)
    expect((await ask('kustomize')).tool?.version).toBe(version)
  })

  it('passes over what says no version, says why, and goes on looking', async () => {
    const { directory, pinned, onPath, ask } = places()
    standIn(directory, 'kustomize', ':', `echo '(devel)'`)
    standIn(directory, 'kubectl', ':', `echo '{"clientVersion": {"gitVersion": "v1.20.0"}}'`)
    standIn(pinned, 'kustomize', ':', 'echo v5.6.0; exit 1')
    const found = standIn(onPath, 'kubectl')
    expect(await ask('kustomize')).toEqual({
      tool: { name: 'kubectl', path: found, version: 'v5.9.2', from: 'PATH' },
      passedOver: [
        'kustomize in AMBIENT_GUARD_TOOLS does not say its version',
        'kubectl in AMBIENT_GUARD_TOOLS does not say which kustomize it carries',
        'kustomize among the pinned copies does not say its version',
      ],
    })
  })

  it.each(['not json', '[]', 'null', '{"kustomizeVersion": 5}'])(
    'is not put off by a kubectl that says %s',
    async (said) => {
      const { onPath, ask } = places()
      standIn(onPath, 'kubectl', ':', `echo '${said}'`)
      const passedOver = ['kubectl on PATH does not say which kustomize it carries']
      expect(await ask('kustomize')).toEqual({ tool: null, passedOver })
    },
  )

  it('does not take helm 2', async () => {
    const { onPath, ask } = places()
    standIn(onPath, 'helm', ':', 'printf v2.17.0')
    expect(await ask('helm')).toEqual({
      tool: null,
      passedOver: ['helm on PATH is v2.17.0, and 3 is the oldest that counts'],
    })
  })

  it('asks for the version once', async () => {
    const { directory } = places()
    const log = join(root, 'log')
    standIn(directory, 'helm', ':', `echo asked >> ${log}; printf v3.99.0`)
    const toolbox = createToolbox({ directory })
    const [one, two] = await Promise.all([toolbox.helm(), toolbox.helm()])
    expect([one?.version, two, await toolbox.helm()]).toEqual(['v3.99.0', one, one])
    expect(readLines(log)).toEqual(['asked'])
    expect(toolbox.runs()).toBe(0)
  })
})

describe('a tool that is not there', () => {
  it('is null, and has words with every remedy', async () => {
    const { ask } = places()
    expect(await ask('helm')).toEqual({ tool: null, passedOver: [] })
    expect(await ask('kustomize')).toEqual({ tool: null, passedOver: [] })
    expect(missingTool('helm')).toEqual({
      message: 'Rendering this needs helm, and none was found.',
      remedy: 'Run `npm run tools`, set AMBIENT_GUARD_TOOLS to a folder that holds helm, or put it on PATH.',
    })
    expect(missingTool('kustomize', ['kubectl on PATH does not say which kustomize it carries'])).toEqual({
      message:
        'Rendering this needs kustomize or kubectl, and none was found: kubectl on PATH does not say which kustomize it carries.',
      remedy:
        'Run `npm run tools`, set AMBIENT_GUARD_TOOLS to a folder that holds kustomize or kubectl, or put it on PATH.',
    })
  })
})

function readLines(path: string): string[] {
  return readFileSync(path, 'utf8').trim().split('\n')
}
