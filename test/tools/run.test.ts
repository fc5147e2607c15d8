import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, utimesSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { totalmem } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findCommand } from '../../src/exec.ts'
import { type ToolboxOptions, createToolbox } from '../../src/manifests/tools/create-toolbox.ts'
import type { ToolResult, ToolRun } from '../../src/manifests/tools/toolbox.ts'
import { runsThatFit, turns } from '../../src/manifests/tools/turns.ts'
import { sandbox } from '../git/sandbox.ts'
import { isGone } from './is-gone.ts'
import { standIn, whole, withEnv } from './stand-ins.ts'

const root = sandbox()
const scratches = join(root, 'scratches')
const before = process.env['TMPDIR']
let count = 0

beforeAll(() => {
  mkdirSync(scratches)
  process.env['TMPDIR'] = scratches
})

afterAll(() => {
  if (before === undefined) delete process.env['TMPDIR']
  else process.env['TMPDIR'] = before
})

/** A way to run a stand-in for kustomize that does what `body` says. */
async function box(body: string, options: ToolboxOptions = {}) {
  count += 1
  const directory = join(root, String(count))
  standIn(directory, 'kustomize', body)
  const toolbox = createToolbox({ directory, ...options })
  const tool = await toolbox.kustomize()
  if (tool === null) throw new Error('the stand-in was not found')
  const run = (files: Record<string, string | Uint8Array> = {}, args: ToolRun['args'] = () => ['build']) =>
    toolbox.run({ tool, args, files: new Map(Object.entries(files)) })
  return { toolbox, run }
}

const runs = async (body: string, options?: ToolboxOptions): Promise<ToolResult> =>
  (await box(body, options)).run()

describe('what a tool sees', () => {
  it('is its files, in a directory that nobody else may enter', async () => {
    const body = `${await whole('cat')} a/b/c.yaml bytes; ${await whole('ls')} -ld . a a/b/c.yaml`
    const { run } = await box(body)
    const result = await run({ 'a/b/c.yaml': 'née\n', bytes: new Uint8Array([104, 105, 10]) })
    const lines = result.ok ? result.stdout.split('\n') : [result.message]
    expect(lines.slice(0, 2)).toEqual(['née', 'hi'])
    const modes = lines.slice(2, 5).map((text) => text.slice(0, 10))
    expect(modes).toEqual(['drwx------', 'drwx------', '-rw-------'])
  })

  it('is nothing that a process left which was killed, and that goes', async () => {
    const left = (name: string, minutes: number): string => {
      const folder = join(scratches, name)
      mkdirSync(join(folder, 'tree'), { recursive: true })
      const then = new Date(Date.now() - minutes * 60_000)
      utimesSync(folder, then, then)
      return folder
    }
    const folders = [
      left('ambient-guard-render-old', 11),
      left('ambient-guard-render-young', 9),
      left('of-somebody-else', 999),
    ]
    await runs(':')
    expect(folders.map((folder) => existsSync(folder))).toEqual([false, true, true])
    for (const folder of folders) rmSync(folder, { recursive: true, force: true })
  })

  it('is the directory it is given as arguments, which is where it stands', async () => {
    const { run } = await box('echo "$1"; pwd')
    const result = await run({}, (scratch) => [scratch])
    const [told, stands] = result.ok ? result.stdout.trim().split('\n') : []
    expect(told).toBe(stands)
    expect(told).toContain(scratches)
  })

  it('is nothing of our environment', async () => {
    const secrets = {
      GITHUB_TOKEN: 'ghs_secret',
      PRIVATE_KEY: 'secret',
      HELM_PLUGINS: '/secret',
      HOME: '/root',
    }
    const said = await withEnv(secrets, async () => runs(await whole('env')))
    const seen = new Map((said.ok ? said.stdout : '').split('\n').map((line) => splitOnce(line, '=')))
    // What a shell sets by itself.
    for (const name of ['', 'PWD', 'OLDPWD', 'SHLVL', '_']) seen.delete(name)
    const nowhere = 'http://127.0.0.1:9'
    const tmp = seen.get('TMPDIR') ?? ''
    expect(Object.fromEntries(seen)).toEqual({
      PATH: '/nonexistent',
      HOME: '/nonexistent',
      LANG: 'C.UTF-8',
      TMPDIR: tmp,
      KUBECONFIG: '/dev/null',
      HELM_CACHE_HOME: `${tmp}/helm/cache`,
      HELM_CONFIG_HOME: `${tmp}/helm/config`,
      HELM_DATA_HOME: `${tmp}/helm/data`,
      HELM_PLUGINS: `${tmp}/helm/plugins`,
      HTTP_PROXY: nowhere,
      HTTPS_PROXY: nowhere,
      ALL_PROXY: nowhere,
      http_proxy: nowhere,
      https_proxy: nowhere,
      all_proxy: nowhere,
      NO_PROXY: '',
      no_proxy: '',
      GIT_ALLOW_PROTOCOL: 'none',
      GOMAXPROCS: '2',
      GOMEMLIMIT: String(640 * 2 ** 20),
    })
    expect(tmp.startsWith(scratches)).toBe(true)
  })

  it('is no network, where the system allows that', async () => {
    let calls = 0
    const server = createServer((socket) => {
      calls += 1
      socket.end('heard')
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const call = `require("net").connect(${String(port)}, "127.0.0.1").on("error", (e) => console.log(e.code)).pipe(process.stdout)`
    try {
      const { toolbox, run } = await box(`'${process.execPath}' -e '${call}'`)
      const said = await run()
      const cutOff = (await toolbox.isolation()) === 'namespace'
      expect(said).toMatchObject({ ok: true, stdout: cutOff ? 'ENETUNREACH\n' : 'heard' })
      expect(calls).toBe(cutOff ? 0 : 1)
    } finally {
      server.close()
    }
  })

  it('is within limits, where the platform has them', async () => {
    if ((await findCommand('prlimit')) === null) return
    const said = await runs(`${await whole('cat')} /proc/self/limits`)
    const told = said.ok ? said.stdout : ''
    expect(told).toMatch(/^Max cpu time +30 +31 /m)
    expect(told).toMatch(/^Max address space +2684354560 /m)
    expect(told).toMatch(/^Max file size +67108864 /m)
    expect(told).toMatch(/^Max open files +256 /m)
  })
})

describe('files that are not written', () => {
  const cases: readonly (readonly [string, Record<string, string>, string])[] = [
    ['a path out of the tree', { '../x': '' }, '"../x" is no path below the folder that is rendered'],
    ['a path that comes back', { 'a/../../x': '' }, '"a/../../x" is no path below'],
    ['a path that would stay', { 'a/../x': '' }, '"a/../x" is no path below'],
    ['a path with backslashes', { 'a\\..\\..\\x': '' }, 'is no path below'],
    ['an absolute path', { '/etc/x': '' }, '"/etc/x" is no path below'],
    ['a path with NUL', { 'a\0b': '' }, '"ab" is no path below'],
    ['no path', { '': 'x' }, '"" could not be written for rendering (EINVAL)'],
    ['the directory itself', { '.': 'x' }, '"." could not be written for rendering (EINVAL)'],
    ['a file and a folder of one name', { a: '', 'a/b': '' }, '"a/b" could not be written for rendering ('],
    [
      'one file by two paths',
      { 'a/b': '1', 'a//b': '2' },
      '"a//b" could not be written for rendering (EEXIST)',
    ],
    ['a name that is too long', { ['n'.repeat(300)]: '' }, '… could not be written'.slice(2)],
    ['control characters', { '/\u001b[31m\u202e': '' }, '"/[31m" is no path below'],
  ]
  it.each(cases)('%s', async (_, files, message) => {
    const { run } = await box(`echo ran > ${root}/ran`)
    const result = await run({ 'fine.yaml': 'a: 1', ...files })
    expect(result).toMatchObject({ ok: false, message: expect.stringContaining(message) as string })
    expect(existsSync(join(root, 'ran'))).toBe(false)
    expect(existsSync(join(scratches, 'x'))).toBe(false)
    expect(readdirSync(scratches)).toEqual([])
  })

  it('more bytes than the disk should see', async () => {
    const { run } = await box(':', { bounds: { maxFileBytes: 5 } })
    expect(await run({ a: 'née', b: '1' })).toMatchObject({ ok: true })
    expect(await run({ a: 'née', b: new Uint8Array(2) })).toEqual({
      ok: false,
      message: 'the files come to 6 bytes, and 5 is the most that is rendered',
    })
  })
})

describe('the scratch directory', () => {
  it.each([
    ['a success', ':'],
    ['a failure', 'exit 1'],
    ['a program that ends itself', 'kill -9 $$'],
    ['a time-out', 'while :; do :; done'],
  ])('is gone after %s', async (_, body) => {
    const { run } = await box(`echo made > "$TMPDIR/made"; ${body}`, { bounds: { timeoutMs: 1000 } })
    await run({ 'a/b': 'c' })
    expect(readdirSync(scratches)).toEqual([])
  })

  it('is gone even if the program locks a folder', async () => {
    const [mkdir, chmod] = [await whole('mkdir'), await whole('chmod')]
    const result = await runs(`${mkdir} locked && echo x > locked/x && ${chmod} 0 locked && echo done`)
    expect(result).toEqual({ ok: true, stdout: 'done\n' })
    expect(readdirSync(scratches)).toEqual([])
  })

  it('is another for each run', async () => {
    const { run } = await box('pwd')
    expect(await run()).not.toEqual(await run())
  })
})

describe('a run that comes to nothing', () => {
  it('ends with everything that the program started', async () => {
    const pid = join(root, 'pid')
    const result = await runs(`${await whole('sleep')} 60 & echo $! > ${pid}; wait`, {
      bounds: { timeoutMs: 300 },
    })
    expect(result).toEqual({ ok: false, message: 'kustomize did not finish within 0.3 s' })
    expect(await isGone(Number(readFileSync(pid, 'utf8')))).toBe(true)
  })

  it('says that there was too much output', async () => {
    const result = await runs(await whole('yes'), { bounds: { maxOutputBytes: 1000 } })
    expect(result).toEqual({ ok: false, message: 'kustomize wrote more than 1000 bytes' })
  })

  it('ends at its limit of processor time', async () => {
    if ((await findCommand('prlimit')) === null) return
    const result = await runs('while :; do :; done', { bounds: { cpuSeconds: 1 } })
    expect(result).toEqual({
      ok: false,
      message: 'kustomize was ended by SIGXCPU, as happens beyond its limits of processor time and memory',
    })
  })

  it('does not get more memory than it may have', async () => {
    if ((await findCommand('prlimit')) === null) return
    const takes = (bytes: number) => `'${process.execPath}' -e 'Buffer.alloc(${String(bytes)}, 1)'`
    const bounds = { memoryBytes: 2 ** 31 }
    expect(await runs(takes(1e6), { bounds })).toMatchObject({ ok: true })
    expect(await runs(takes(1.6e9), { bounds })).toMatchObject({ ok: false })
  })

  it('says the exit code where the program says nothing', async () => {
    expect(await runs('exit 3')).toEqual({ ok: false, message: 'kustomize ended with exit code 3' })
  })

  it('is a result even if the program is gone', async () => {
    const { toolbox } = await box(':')
    const tool = { name: 'helm', path: join(root, 'gone/helm'), version: 'v3.0.0', from: 'PATH' } as const
    const result = await toolbox.run({ tool, args: () => [], files: new Map() })
    expect(result).toEqual({ ok: false, message: 'helm is not installed, or not on PATH' })
  })
})

describe('what a tool says when it fails', () => {
  const fails = async (script: string, args?: ToolRun['args']): Promise<string> => {
    const { run } = await box(`exec >&2\n${script}\nexit 1`)
    const result = await run({}, args)
    return result.ok ? `succeeded: ${result.stdout}` : result.message
  }

  it('names paths as the tree has them', async () => {
    const script = `echo "'$PWD/overlays/prod': no file in $PWD, or $PWD/; see $PWD/base:3:1"`
    expect(await fails(script)).toBe("'overlays/prod': no file in ., or .; see base:3:1")
  })

  it('names programs by their names, also those in its arguments', async () => {
    const args = () => ['build', '--helm-command', '/opt/secret/helm', '--other=/srv/tool', '/']
    const said = await fails('echo "$0 ran $3 and /srv/tool in /"', args)
    expect(said).toBe('kustomize ran helm and tool in /')
  })

  it('is the same each time', async () => {
    const script = [
      `echo "$TMPDIR/kustomize-helm-$1/kustomize-$1-values.yaml is bad, $TMPDIR/kustomize-$1 as well"`,
      `echo "W0102 03:04:05.$1    $1 loader.go:12] careful"`,
      `echo "2026/01/02 03:04:05 careful"`,
      `echo "time=2026-01-02T03:04:05.$1Z level=WARN"`,
      `echo "at 0xc000$1"`,
      `echo`,
      `echo "goroutine 1 [running]:"`,
      `echo "main.main() $1"`,
    ].join('\n')
    const expected = 'kustomize--values.yaml is bad, kustomize- as well\ncareful\ncareful\nlevel=WARN\nat'
    expect(await fails(script, () => ['123456'])).toBe(expected)
    expect(await fails(script, () => ['9876543'])).toBe(expected)
  })

  it('shows, and does nothing else', async () => {
    expect(await fails(String.raw`printf '\033[31mred\033[0m\a \r\n\342\200\256bidi\ttab\n\n'`)).toBe(
      'red \nbidi\ttab',
    )
  })

  it('is at most 2,000 characters, of both ends', async () => {
    const said = await fails(`echo first; printf '%5000d' 0; echo; echo last`)
    expect(said.length).toBe(2000)
    expect(said).toMatch(/^first\n.* … .*0\nlast$/s)
  })
})

describe('many runs', () => {
  it('take turns, first come first served', async () => {
    const inTurn = turns(2)
    const started: number[] = []
    const finish: (() => void)[] = []
    const all = [0, 1, 2, 3].map((index) =>
      inTurn(() => {
        started.push(index)
        return new Promise<void>((resolve, reject) => {
          finish[index] =
            index === 0
              ? () => {
                  reject(new Error('no'))
                }
              : resolve
        })
      }),
    )
    const settled = Promise.allSettled(all)
    await sleep(0)
    expect(started).toEqual([0, 1])
    finish[0]?.()
    await sleep(0)
    expect(started).toEqual([0, 1, 2])
    finish[1]?.()
    await sleep(0)
    expect(started).toEqual([0, 1, 2, 3])
    finish[2]?.()
    finish[3]?.()
    expect((await settled).map(({ status }) => status)).toEqual([
      'rejected',
      'fulfilled',
      'fulfilled',
      'fulfilled',
    ])
  })

  it.each([
    ['one for each processor', 1, { processors: 2, memoryBytes: 64, constrainedBytes: 0 }, 2],
    ['what fits into memory', 1, { processors: 8, memoryBytes: 16, constrainedBytes: 0 }, 6],
    ['what fits into the container', 1, { processors: 8, memoryBytes: 64, constrainedBytes: 5 }, 2],
    [
      'what fits where the container has no limit',
      1,
      { processors: 8, memoryBytes: 16, constrainedBytes: 2 ** 64 },
      6,
    ],
    ['a share of it for each thread', 2, { processors: 8, memoryBytes: 16, constrainedBytes: 0 }, 3],
    ['always one', 4, { processors: 2, memoryBytes: 1, constrainedBytes: 0 }, 1],
  ])('are so many at once: %s', (_, sharers, gib, many) => {
    const machine = {
      processors: gib.processors,
      memoryBytes: gib.memoryBytes * 2 ** 30,
      constrainedBytes: gib.constrainedBytes * 2 ** 30,
    }
    expect(runsThatFit(2.5 * 2 ** 30, sharers, machine)).toBe(many)
  })

  it.each([
    ['because somebody says so', { atOnce: 1 }],
    ['because many share the machine', { sharedBy: 1000 }],
    ['because one takes all of its memory', { bounds: { memoryBytes: totalmem() } }],
  ])('do not meet where one at a time may run, and are counted: %s', async (_, options) => {
    const [mkdir, rmdir, nap] = [await whole('mkdir'), await whole('rmdir'), await whole('sleep')]
    const alone = `${mkdir} ${root}/alone && ${nap} 0.05 && ${rmdir} ${root}/alone`
    const { toolbox, run } = await box(alone, options)
    const results = await Promise.all([run(), run(), run(), run()])
    expect(results.map(({ ok }) => ok)).toEqual([true, true, true, true])
    expect(toolbox.runs()).toBe(4)
  })
})

function splitOnce(text: string, by: string): [string, string] {
  const at = text.indexOf(by)
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + by.length)]
}
