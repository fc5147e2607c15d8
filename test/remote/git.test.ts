// Folders of git repositories elsewhere, from a real git over loopback: pinned, no more of them than can matter, and
// believed only as far as their ids say.
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { deflateSync } from 'node:zlib'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Fetched } from '../../src/manifests/unit.ts'
import { commit, git, repository, sandbox } from '../git/sandbox.ts'
import { serveGit } from '../git/smart-http.ts'
import { remoteOf, site } from './site.ts'

const web = site()
const home = sandbox()
let work = ''
let first = ''
let second = ''

beforeAll(() => {
  work = repository(home, 'work')
  first = commit(work, {
    'base/kustomization.yaml': 'resources: [service.yaml, ../shared]\n',
    'base/service.yaml': 'kind: Service\n',
    'base/notes.txt': 'inside\n',
    'shared/kustomization.yml': 'resources: []\n',
    'shared/Kustomization': 'resources: []\n',
    'docs/picture.png': 'x'.repeat(3_000_000),
    'src/main.go': 'package main\n',
  })
  git(work, 'tag', '-a', 'v1.0.0', '-m', 'first')
  git(work, 'tag', 'light')
  second = commit(work, { 'base/service.yaml': 'kind: Service # second\n' })
  git(work, 'tag', 'both')
  git(work, 'branch', 'both', first)
  git(work, 'branch', 'release/1')
  for (const [name, filter] of [
    ['served', 'true'],
    ['plain', 'false'],
  ] as const) {
    git(home, 'clone', '--quiet', '--bare', 'work', `${name}.git`)
    git(join(home, `${name}.git`), 'config', 'uploadpack.allowFilter', filter)
  }
})

/** Serves the repositories of `home`; the requests of a test are in `web.heard`. */
function serve(): void {
  web.answer = async (host, path, response, request) => {
    const url = new URL(path, 'http://x')
    const [, name = '', rest = ''] = /^\/org\/(\w+)(?:\.git)?(\/.*)$/.exec(url.pathname) ?? []
    if (host !== 'git.test' || name === '') return undefined
    await serveGit(request, response, {
      repository: join(home, `${name}.git`),
      path: rest,
      service: url.searchParams.get('service'),
    })
    return true
  }
}

function ask(
  path: string,
  more: Parameters<typeof remoteOf>[2] = {},
  allow = ['git.test'],
): Promise<Fetched> {
  return remoteOf(web, allow, more).resource(`https://git.test${web.port}/${path}`)
}

const reason = (piece: Fetched): string => (piece.ok ? 'fetched' : piece.reason)
const texts = (piece: Fetched): Record<string, string> =>
  Object.fromEntries(
    piece.ok ? [...piece.files].map(([path, bytes]) => [path, Buffer.from(bytes).toString()]) : [],
  )

describe('a folder at a tag', () => {
  it('is its files, and of the rest of the repository what a kustomization can lead to', async () => {
    serve()
    const piece = await ask('org/served//base?ref=v1.0.0')
    expect(piece).toMatchObject({ ok: true, entry: 'base', id: `git:${first}:base` })
    expect(texts(piece)).toEqual({
      'base/kustomization.yaml': 'resources: [service.yaml, ../shared]\n',
      'base/service.yaml': 'kind: Service\n',
      'base/notes.txt': 'inside\n',
      'shared/kustomization.yml': 'resources: []\n',
      'shared/Kustomization': 'resources: []\n',
    })
  })

  it('costs four requests, none of which brings the picture', async () => {
    serve()
    let bytes = 0
    const answer = web.answer
    web.answer = (host, path, response, request) => {
      const write = response.write.bind(response)
      response.write = ((chunk: Buffer) => {
        bytes += chunk.length
        return write(chunk)
      }) as typeof response.write
      return answer(host, path, response, request)
    }
    await ask('org/served//base?ref=light')
    expect(web.heard.map(({ path }) => path)).toEqual([
      '/org/served/info/refs?service=git-upload-pack',
      '/org/served/git-upload-pack',
      '/org/served/git-upload-pack',
      '/org/served/git-upload-pack',
    ])
    expect(
      web.heard.every(
        ({ headers }) => headers['git-protocol'] === 'version=2' && headers.authorization === undefined,
      ),
    ).toBe(true)
    expect(bytes).toBeLessThan(10_000)
  })

  it('comes whole from a repository that cannot send files alone', async () => {
    serve()
    expect(Object.keys(texts(await ask('org/plain//base?ref=v1.0.0')))).toHaveLength(5)
  })

  it.each(['v1.0.0', 'refs/tags/v1.0.0', 'tags/v1.0.0'])('may be named %s', async (ref) => {
    serve()
    expect(await ask(`org/served//base?ref=${ref}`)).toMatchObject({ ok: true, id: `git:${first}:base` })
  })

  it('is the tag where a branch has the same name, as for git', async () => {
    serve()
    expect(await ask('org/served//base?ref=both')).toMatchObject({ ok: true, id: `git:${second}:base` })
  })
})

describe('the parts of a URL', () => {
  it.each([
    ['org/served.git//base?ref=v1.0.0', 'base'],
    ['org/served.git/base/?ref=v1.0.0', 'base'],
    ['org/served/base?ref=v1.0.0', 'base'],
    ['org/served?version=v1.0.0', '.'],
    ['org/served.git?ref=v1.0.0', '.'],
    ['org/served//base/../shared?ref=v1.0.0&timeout=90s&submodules=false', 'shared'],
    ['org/served//%62ase?ref=v1.0.0', 'base'],
  ])('%s', async (path, entry) => {
    serve()
    expect(await ask(path)).toMatchObject({ ok: true, entry })
  })

  it('may begin with git::', async () => {
    serve()
    const piece = await remoteOf(web, ['git.test']).resource(
      `git::https://git.test${web.port}/org/served//base?ref=v1.0.0`,
    )
    expect(piece).toMatchObject({ ok: true, entry: 'base' })
  })

  it.each([
    ['ssh://git@github.com/org/repo?ref=v1', 'it is fetched over ssh, which needs a key'],
    ['git@github.com:org/repo?ref=v1', 'it is fetched over ssh, which needs a key'],
    ['git::ssh://git@github.com/org/repo?ref=v1', 'it is fetched over ssh, which needs a key'],
    ['git::git@github.com:org/repo?ref=v1', 'it is fetched over ssh, which needs a key'],
    ['file:///etc//x?ref=v1', 'its URL would not be asked over https'],
    ['https://github.com/org/repo//../..?ref=v1', 'its URL names no folder of a repository'],
    ['https://github.com/org/repo//a/%2e%2e/%2e%2e?ref=v1', 'its URL names no folder of a repository'],
    ['https://github.com/org/repo//../../other/repo?ref=v1', 'its URL names no folder of a repository'],
    ['https://github.com/org/../other/repo//base?ref=v1', 'its URL names no folder of a repository'],
    ['https://github.com?ref=v1', 'its URL names no folder of a repository'],
    ['https://github.com/org/repo', 'it names no tag or commit'],
    ['github.com/org/repo/base', 'it names no tag or commit'],
    ['https://user:secret@github.com/org/repo?ref=v1', 'its URL at github.com holds credentials'],
    ['../base', 'its URL cannot be read'],
    ['', 'its URL cannot be read'],
  ])('%s: %s', async (url, expected) => {
    expect(reason(await remoteOf(web, [], { allow: ['github.com'] }).resource(url))).toBe(expected)
    expect(web.resolved).toEqual([])
  })

  it.each([
    'https://github.com/org/repo/releases/latest/download/install.yaml',
    'https://raw.githubusercontent.com/org/repo/main/install.yaml',
    'https://raw.githubusercontent.com/org/repo/refs/heads/release/install.yaml',
  ])('%s is a file that becomes another', async (url) => {
    const remote = remoteOf(web, [], { allow: ['github.com', 'raw.githubusercontent.com'] })
    expect(await remote.resource(url)).toEqual({
      ok: false,
      reason: 'it names what is the latest, which becomes another',
      remedy: 'Pin it to the URL of a tag or a commit: what is judged then is what will be applied.',
    })
  })

  it('name a file where they end like one, under the name that it has', async () => {
    web.answer = (_host, path, response) => (path.endsWith('?x=1') ? response.end('kind: A\n') : undefined)
    const piece = await ask('org/repo/raw/v1/install.yaml?x=1')
    expect(piece).toMatchObject({ ok: true, entry: 'install.yaml' })
    expect(texts(piece)).toEqual({ 'install.yaml': 'kind: A\n' })
  })
})

describe('a pin', () => {
  it.each([
    ['main', 'main is a branch, which moves on'],
    ['release/1', 'release/1 is a branch, which moves on'],
    ['v9', 'v9 is neither a tag nor a full commit id there'],
    ['HEAD', 'HEAD is neither a tag nor a full commit id there'],
    ['v1.0.0%0Awant', 'v1.0.0 want is no tag'],
    ['v1*', 'v1* is no tag'],
  ])('%s', async (ref, expected) => {
    serve()
    expect(await ask(`org/served//base?ref=${ref}`)).toEqual({
      ok: false,
      reason: expected,
      remedy: 'Pin it to a tag or a full commit id: what is judged then is what will be applied.',
    })
  })

  it('may be a full commit id, and a short one is none', async () => {
    serve()
    expect(await ask(`org/served//base?ref=${first}`)).toMatchObject({ ok: true, id: `git:${first}:base` })
    expect(reason(await ask(`org/served//base?ref=${first.slice(0, 10)}`))).toContain(
      'is neither a tag nor a full commit id there',
    )
  })

  it('that the repository does not have is told in its words', async () => {
    serve()
    expect(reason(await ask(`org/served//base?ref=${'1'.repeat(40)}`))).toMatch(
      /^its repository says: .*not our ref 1{40}/,
    )
  })
})

describe('what a repository holds', () => {
  it('is refused where links and submodules stand in the folder, and only there', async () => {
    symlinkSync('/etc', join(work, 'link'))
    commit(work, { 'linked/kustomization.yaml': 'resources: []\n' })
    symlinkSync('/etc/passwd', join(work, 'linked/service.yaml'))
    commit(work, {})
    git(work, 'update-index', '--add', '--cacheinfo', `160000,${first},modules/sub`)
    git(work, 'commit', '--quiet', '-m', 'submodule')
    git(work, 'tag', 'odd')
    git(join(home, 'served.git'), 'fetch', '--quiet', work, '--tags')
    serve()
    expect(reason(await ask('org/served//linked?ref=odd'))).toBe(
      'linked/service.yaml in its repository is a symbolic link, which is not followed',
    )
    expect(reason(await ask('org/served//modules?ref=odd'))).toBe(
      'modules/sub in its repository is a submodule, which is not followed',
    )
    expect(reason(await ask('org/served//link/x?ref=odd'))).toBe('its repository has no link/x at that ref')
    expect(Object.keys(texts(await ask('org/served//base?ref=odd')))).not.toContain('link')
  })

  it('is refused where it is not there, or too much', async () => {
    serve()
    expect(reason(await ask('org/served//nothing?ref=v1.0.0'))).toBe(
      'its repository has no nothing at that ref',
    )
    expect(reason(await ask('nowhere/x//base?ref=v1.0.0'))).toBe(
      `git.test${web.port} answers 404 for the refs of the repository`,
    )
    expect(reason(await ask('org/served//base?ref=v1.0.0', { limits: { files: 4 } }))).toBe(
      'its repository holds more than 4 files that may matter',
    )
    expect(reason(await ask('org/served//base?ref=v1.0.0', { limits: { unpackedBytes: 50 } }))).toContain(
      'MiB that may matter',
    )
    expect(reason(await ask('org/plain//base?ref=v1.0.0', { limits: { packBytes: 1000 } }))).toContain(
      'sends more than 0 MiB',
    )
  })

  it('may have paths that lead elsewhere, which git takes and we do not', async () => {
    const bare = join(home, 'evil.git')
    git(home, 'init', '--quiet', '--bare', 'evil.git')
    const blob = object(bare, 'blob', Buffer.from('kind: Evil\n'))
    const entry = (mode: string, name: string, id: string) =>
      Buffer.concat([Buffer.from(`${mode} ${name}\0`), Buffer.from(id, 'hex')])
    const inner = object(bare, 'tree', entry('100644', 'evil.yaml', blob))
    const tree = object(
      bare,
      'tree',
      Buffer.concat([entry('40000', '..', inner), entry('100644', 'a.yaml', blob)]),
    )
    const id = object(
      bare,
      'commit',
      Buffer.from(`tree ${tree}\nauthor T <t@x> 0 +0000\ncommitter T <t@x> 0 +0000\n\nx\n`),
    )
    git(bare, 'update-ref', 'refs/tags/v1', id)
    serve()
    expect(reason(await ask('org/evil?ref=v1'))).toBe('its repository holds the path ../evil.yaml')
  })
})

describe('a remote that is none', () => {
  const pack = (text: string): string => (text.length + 4).toString(16).padStart(4, '0') + text
  const greeting = `${pack('version 2\n')}${pack('ls-refs\n')}${pack('fetch=shallow filter\n')}0000`

  it.each([
    ['a page', '<html>', 'its repository answers with what is no answer of git'],
    [
      'an old protocol',
      `${pack('# service=git-upload-pack\n')}0000${pack(`${'1'.repeat(40)} HEAD\0thin-pack\n`)}0000`,
      'git.test:PORT does not speak version 2 of the protocol of git',
    ],
    ['an error', pack('ERR go\n away'), 'its repository says: go away'],
    [
      'a flood of empty lines',
      '0000'.repeat(100_001),
      'its repository answers with what is no answer of git',
    ],
    ['a line that is cut', '00ff', 'its repository answers with what is no answer of git'],
  ])('%s', async (_what, text, expected) => {
    web.answer = (_host, _path, response) => response.end(text)
    expect(reason(await ask('org/x//base?ref=v1'))).toBe(expected.replace(':PORT', web.port))
  })

  it.each([
    ['no pack', '0000', 'its repository answers with what is no answer of git'],
    [
      'a pack of rubbish',
      `${pack('packfile\n')}${pack('\x01PACKrubbish')}0000`,
      'what its repository sends is not what was asked for',
    ],
    [
      'an error in the pack',
      `${pack('packfile\n')}${pack('\x03out of disk\n')}0000`,
      'its repository says: out of disk',
    ],
  ])('%s', async (_what, text, expected) => {
    web.answer = (_host, path, response) => response.end(path.includes('info/refs') ? greeting : text)
    expect(reason(await ask(`org/x//base?ref=${'1'.repeat(40)}`))).toBe(expected)
  })

  it('sends another commit than was asked for', async () => {
    serve()
    const wanted = Buffer.alloc(20, 1).toString('hex')
    const answer = web.answer
    const other = join(home, 'served.git')
    web.answer = (host, path, response, request) => {
      if (path.includes('info/refs')) return answer(host, path, response, request)
      const bytes = execFileSync('git', ['pack-objects', '--stdout', '--revs', '-q'], {
        cwd: other,
        input: `${first}^{commit}\n`,
      })
      const line = Buffer.concat([Buffer.from([1]), bytes.subarray(0, 60_000)])
      const chunks = [line]
      return response.end(
        Buffer.concat([
          Buffer.from(pack('packfile\n')),
          ...chunks.map((chunk) =>
            Buffer.concat([Buffer.from((chunk.length + 4).toString(16).padStart(4, '0')), chunk]),
          ),
          Buffer.from('0000'),
        ]),
      )
    }
    const cacheDirectory = join(sandbox(), 'cache')
    expect(reason(await ask(`org/served//base?ref=${wanted}`, { cacheDirectory }))).toBe(
      'what its repository sends is not what was asked for',
    )
    expect(existsSync(cacheDirectory) ? readdirSync(cacheDirectory) : []).toEqual([])
  })

  it('has moved: what it redirects to must be allowed, and answers for the rest', async () => {
    serve()
    const answer = web.answer
    web.answer = (host, path, response, request) =>
      host === 'old.test'
        ? response
            .writeHead(301, { location: `https://git.test${web.port}${path.replace('/was/', '/org/')}` })
            .end()
        : answer(host, path, response, request)
    const moved = `https://old.test${web.port}/was/served//base?ref=v1.0.0`
    expect(reason(await remoteOf(web, ['old.test']).resource(moved))).toBe(
      `old.test${web.port} redirects to git.test${web.port}, which is not allowed`,
    )
    expect(reason(await remoteOf(web, ['old.test', 'git.test']).resource(moved))).toBe('fetched')
  })
})

it('packs are kept by commit: the second time a commit is asked for, nobody is', async () => {
  serve()
  const cacheDirectory = join(sandbox(), 'cache')
  const once = await ask(`org/served//base?ref=${first}`, { cacheDirectory })
  const requests = web.heard.length
  expect(await ask(`org/served//base?ref=${first}`, { cacheDirectory })).toEqual(once)
  expect(web.heard).toHaveLength(requests)
  for (const name of readdirSync(cacheDirectory)) writeFileSync(join(cacheDirectory, name), 'rubbish')
  expect(await ask(`org/served//base?ref=${first}`, { cacheDirectory })).toEqual(once)
  expect(web.heard.length).toBeGreaterThan(requests)
})

/** Writes a loose object as it is, which git itself would refuse to. */
function object(bare: string, type: string, content: Buffer): string {
  const bytes = Buffer.concat([Buffer.from(`${type} ${String(content.length)}\0`), content])
  const id = createHash('sha1').update(bytes).digest('hex')
  execFileSync('mkdir', ['-p', join(bare, 'objects', id.slice(0, 2))])
  writeFileSync(join(bare, 'objects', id.slice(0, 2), id.slice(2)), deflateSync(bytes))
  return id
}
