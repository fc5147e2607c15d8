// What an image may count on, and that the rehearsal of its build reads what Docker would.
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { build, makeReadOnly } from '../../scripts/image/build.ts'
import { readDockerignore } from '../../scripts/image/context.ts'
import { readDockerfile } from '../../scripts/image/dockerfile.ts'

const ROOT = join(import.meta.dirname, '../..')
const stages = readDockerfile(readFileSync(join(ROOT, 'Dockerfile'), 'utf8'))

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'ambient-guard-dockerfile-'))
  onTestFinished(() => {
    rmSync(made, { recursive: true, force: true })
  })
  return made
}

describe('the Dockerfile', () => {
  it('has two stages on one base, pinned by version and by digest', () => {
    expect(stages).toHaveLength(2)
    expect(new Set(stages.map(({ base }) => base)).size).toBe(1)
    expect(stages[0]?.base).toMatch(/^node:24\.\d+\.\d+-bookworm-slim@sha256:[0-9a-f]{64}$/)
  })

  it('runs as a number that is not root, in exec form, with a healthcheck', () => {
    const image = stages.at(-1)
    expect(image).toMatchObject({
      user: '1000:1000',
      ports: ['3000'],
      command: ['node', 'dist/cli/main.js', 'serve'],
      env: { NODE_ENV: 'production', HOST: '0.0.0.0', PORT: '3000' },
    })
    expect(image?.healthcheck?.join(' ')).toContain('/healthz')
    expect(image?.volumes).toEqual([image?.env['CACHE_DIR']])
  })

  it('is well where its page says so, and ill where it says something else or nothing', async () => {
    const [program, ...words] = stages.at(-1)?.healthcheck ?? []
    expect(program).toBe('node')
    let status = 200
    const server = createServer((request, response) => {
      response.writeHead(request.url === '/healthz' ? status : 404).end()
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const check = async (): Promise<unknown> => {
      const ran = spawn(process.execPath, words, { env: { PORT: String(port) }, stdio: 'ignore' })
      return ((await once(ran, 'exit')) as readonly unknown[])[0]
    }
    expect(await check()).toBe(0)
    status = 503
    expect(await check()).toBe(1)
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
    expect(await check()).toBe(1)
  })

  it('installs what the app starts: git, and the certificates of whom it fetches from', () => {
    const installed = (stages.at(-1)?.steps ?? []).flatMap((step) =>
      step.kind === 'run'
        ? (/apt-get install ([^&]*)/.exec(step.command)?.[1]?.trim().split(/\s+/) ?? [])
        : [],
    )
    expect(installed).toEqual(expect.arrayContaining(['git', 'ca-certificates']))
  })

  it('says what it is', () => {
    const { license } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
      readonly license: string
    }
    const labels = stages.at(-1)?.labels ?? {}
    expect(labels['org.opencontainers.image.licenses']).toBe(license)
    expect(Object.keys(labels).map((name) => name.replace('org.opencontainers.image.', ''))).toEqual(
      expect.arrayContaining(['title', 'description', 'source', 'licenses', 'version', 'revision']),
    )
  })

  it('takes nothing from the folder of a developer but sources', () => {
    const sent = readDockerignore(readFileSync(join(ROOT, '.dockerignore'), 'utf8'))
    const here = ['package.json', 'package-lock.json', 'src/app.ts', 'scripts/tools.ts', 'tsconfig.json']
    expect(here.filter((path) => !sent(path))).toEqual([])
    const kept = [
      '.env',
      'private-key.pem',
      '.git/config',
      'node_modules/zod/index.js',
      'dist/app.js',
      '.tools/helm',
    ]
    expect([...kept, 'test/app/model.test.ts', 'scripts/image.ts'].filter(sent)).toEqual([])
  })
})

describe('a Dockerfile that is not understood', () => {
  it.each([
    ['ADD a b', 'line 2: ADD is not understood'],
    ['RUN --mount=type=cache,target=/x true', 'line 2: RUN is not a plain shell command'],
    ['COPY --chown=1000 a b', 'line 2: COPY has a flag that is not understood'],
    ['COPY *.json ./', 'line 2: COPY has a pattern, a variable or a quotation'],
    ['CMD node main.js', 'line 2: CMD is not in exec form'],
    ['HEALTHCHECK NONE', 'line 2: HEALTHCHECK is no command'],
  ])('is refused: %s', (line, why) => {
    expect(() => readDockerfile(`FROM x\n${line}\n`)).toThrow(why)
  })
})

describe('the steps', () => {
  const perform = (text: string, files: Readonly<Record<string, string>>): string => {
    const [context, scratch] = [folder(), folder()]
    for (const [path, content] of Object.entries({ '.dockerignore': '', ...files })) {
      mkdirSync(join(context, path, '..'), { recursive: true })
      writeFileSync(join(context, path), content)
    }
    return build(readDockerfile(text), context, scratch, () => undefined).root
  }

  it('copy and run as Docker does, from stage to stage', () => {
    const root = perform(
      'FROM x AS a\nWORKDIR /app\nCOPY one two ./\nCOPY src ./lib\nENV WORD=hello\nRUN echo $WORD > said\nFROM x\nWORKDIR /srv\nCOPY --from=a /app/said ./\nCOPY --from=a /app/lib ./lib\nVOLUME /data\n',
      { one: '1', two: '2', 'src/deep/file': 'f' },
    )
    expect(readFileSync(join(root, 'srv/said'), 'utf8')).toBe('hello\n')
    expect(readFileSync(join(root, 'srv/lib/deep/file'), 'utf8')).toBe('f')
    expect(existsSync(join(root, 'srv/one'))).toBe(false)
    expect(existsSync(join(root, 'data'))).toBe(true)
  })

  it('fail where a file is left out, a command fails, or this machine would be changed', () => {
    const files = { '.dockerignore': '*\n!kept\n', kept: '1', gone: '1' }
    expect(existsSync(join(perform('FROM x\nCOPY kept ./\n', files), 'kept'))).toBe(true)
    expect(() => perform('FROM x\nCOPY gone ./\n', files)).toThrow('COPY gone')
    expect(() => perform('FROM x\nRUN exit 3\n', files)).toThrow('RUN exit 3 failed')
    expect(() => perform('FROM x\nRUN rm -rf /var/lib/x\n', files)).toThrow('an absolute path')
  })

  it('leave nothing to write to but what is named', () => {
    const root = folder()
    for (const name of ['app', 'cache']) mkdirSync(join(root, name))
    writeFileSync(join(root, 'app/file'), '')
    makeReadOnly(root, [join(root, 'cache')])
    const writable = (path: string): boolean => (statSync(join(root, path)).mode & 0o222) !== 0
    expect(['app', 'app/file', 'cache'].map(writable)).toEqual([false, false, true])
    // Whoever is not root could not remove it otherwise.
    chmodSync(join(root, 'app'), 0o755)
  })
})
