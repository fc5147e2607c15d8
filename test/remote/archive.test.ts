// What a chart archive may hold. Whatever `helm package` would not write is refused with what it is.
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { unpack } from '../../src/remote/archive.ts'
import { sandbox } from '../git/sandbox.ts'
import { pax, tar, tgz } from './archives.ts'
import type { Entry } from './archives.ts'

const limits = { unpackedBytes: 50 * 1024 * 1024, files: 5000 }
const chartYaml: Entry = { name: 'web/Chart.yaml', content: 'name: web\n' }

async function reasonFor(entries: readonly Entry[]): Promise<string> {
  return unpack(tgz([chartYaml, ...entries]), limits).then(
    () => 'unpacked',
    ({ reason }: { readonly reason: string }) => reason,
  )
}

describe('good archives', () => {
  it('are their files, by path, below one folder', async () => {
    const { files, folder } = await unpack(
      tgz([
        { name: 'web/', type: '5' },
        chartYaml,
        { name: 'web/templates/empty.yaml', content: '' },
        { name: 'web/charts/redis/Chart.yaml', content: 'x'.repeat(512) },
      ]),
      limits,
    )
    expect(folder).toBe('web')
    expect([...files].map(([path, bytes]) => [path, bytes.length])).toEqual([
      ['web/Chart.yaml', 10],
      ['web/templates/empty.yaml', 0],
      ['web/charts/redis/Chart.yaml', 512],
    ])
  })

  it('may have long names, in each of the three ways there are', async () => {
    const long = `templates/${'n'.repeat(85)}.yaml`
    const { files } = await unpack(
      tgz([
        chartYaml,
        { name: long, prefix: 'web/prefix' },
        { name: 'PaxHeaders/x', type: 'x', content: pax('mtime', '1.5') + pax('path', `web/pax/${long}ü`) },
        { name: 'short', content: 'p' },
        { name: '././@LongLink', type: 'L', content: `web/gnu/${long}\0` },
        { name: 'short', content: 'g' },
        { name: 'pax_global_header', type: 'g', content: pax('comment', 'abc') },
        { name: 'web/last', content: 'l' },
      ]),
      limits,
    )
    expect([...files.keys()]).toEqual([
      'web/Chart.yaml',
      `web/prefix/${long}`,
      `web/pax/${long}ü`,
      `web/gnu/${long}`,
      'web/last',
    ])
    expect(Buffer.from(files.get(`web/pax/${long}ü`) ?? []).toString()).toBe('p')
  })

  it.each(['ustar', 'gnu', 'pax', 'v7'])('as the tar of this machine writes them (%s)', async (format) => {
    const home = sandbox()
    const paths = [
      'Chart.yaml',
      'templates/a.yaml',
      ...(format === 'v7' ? [] : [`templates/${'d'.repeat(60)}/${'f'.repeat(80)}.yaml`]),
    ]
    for (const path of paths) {
      mkdirSync(join(home, 'web', path, '..'), { recursive: true })
      writeFileSync(join(home, 'web', path), `${path}\n`)
    }
    execFileSync('tar', [`--format=${format}`, '-czf', 'web.tgz', 'web'], { cwd: home })
    const { files, folder } = await unpack(readFileSync(join(home, 'web.tgz')), limits)
    expect(folder).toBe('web')
    expect(new Map([...files].map(([path, bytes]) => [path, Buffer.from(bytes).toString()]))).toEqual(
      new Map(paths.map((path) => [`web/${path}`, `${path}\n`])),
    )
  })
})

describe('names that lead elsewhere', () => {
  it.each([
    'web/../../etc/passwd',
    '../evil',
    '/etc/passwd',
    'web/./x',
    'web//x',
    'C:/x',
    'web\\..\\x',
    'web/a\nb',
    'web/..',
    '..',
    '',
  ])('%j', async (name) => {
    expect(await reasonFor([{ name, content: 'x' }])).toContain('its archive holds the path')
  })

  it('are seen behind long names and for folders, too', async () => {
    expect(
      await reasonFor([{ name: 'x', type: 'x', content: pax('path', '../evil') }, { name: 'web/ok' }]),
    ).toBe('its archive holds the path ../evil')
    expect(await reasonFor([{ name: 'x', type: 'L', content: '../evil' }, { name: 'web/ok' }])).toBe(
      'its archive holds the path ../evil',
    )
    expect(await reasonFor([{ name: '../evil/', type: '5' }])).toBe('its archive holds the path ../evil')
    expect(await reasonFor([{ name: 'passwd', prefix: '/etc' }])).toBe(
      'its archive holds the path /etc/passwd',
    )
  })

  it('or that two entries share', async () => {
    expect(await reasonFor([{ name: 'web/Chart.yaml', content: 'other' }])).toBe(
      'its archive holds web/Chart.yaml twice',
    )
    expect(await reasonFor([{ name: 'web/a' }, { name: 'web/a/b' }])).toBe(
      'its archive does not hold one folder',
    )
    expect(await reasonFor([{ name: 'web/a/b' }, { name: 'web/a' }])).toBe(
      'its archive does not hold one folder',
    )
  })

  it('or that stand beside the folder', async () => {
    expect(await reasonFor([{ name: 'other/Chart.yaml' }])).toBe('its archive does not hold one folder')
    expect(await reasonFor([{ name: 'README.md' }])).toBe('its archive does not hold one folder')
  })
})

it.each([
  ['1', 'a hard link'],
  ['2', 'a symbolic link'],
  ['3', 'a character device'],
  ['4', 'a block device'],
  ['6', 'a pipe'],
  ['7', 'a contiguous file'],
  ['S', 'a sparse file'],
  ['V', 'a volume'],
])('the type %s, %s, is refused', async (type) => {
  expect(await reasonFor([{ name: 'web/x', type, link: '/etc/passwd' }])).toBe(
    'its archive holds web/x, which is neither a file nor a folder',
  )
})

it('sparse files of GNU and links in pax headers are refused', async () => {
  for (const key of ['GNU.sparse.name', 'linkpath'])
    expect(await reasonFor([{ name: 'x', type: 'x', content: pax(key, 'web/y') }, { name: 'web/ok' }])).toBe(
      'its archive holds links or sparse files',
    )
})

describe('sizes', () => {
  it('a bomb of zeros is refused before it is unpacked', async () => {
    const bomb = gzipSync(Buffer.alloc(80 * 1024 * 1024))
    expect(bomb.length).toBeLessThan(100 * 1024)
    await expect(unpack(bomb, limits)).rejects.toMatchObject({
      reason: 'its archive unpacks to more than 50 MiB',
    })
  })

  it('files together, and their number, are capped', async () => {
    const two = tgz([chartYaml, { name: 'web/a', content: 'x'.repeat(2000) }])
    await expect(unpack(two, { unpackedBytes: 2009, files: 2 })).rejects.toThrow('unpacks to more than')
    await expect(unpack(two, { unpackedBytes: 2010, files: 2 })).resolves.toHaveProperty('folder', 'web')
    await expect(unpack(two, { unpackedBytes: 2010, files: 1 })).rejects.toMatchObject({
      reason: 'its archive holds more than 1 files',
    })
  })
})

describe('what is no archive', () => {
  it.each([
    ['nothing', Buffer.alloc(0), 'is not readable gzip'],
    ['text', Buffer.from('<html>'), 'is not readable gzip'],
    ['gzip that is cut', tgz([chartYaml]).subarray(0, 60), 'is not readable gzip'],
    ['gzip of text', gzipSync('x'.repeat(600)), 'is not a readable tar archive'],
    ['gzip of nothing', gzipSync(''), 'ends too early'],
    ['no entries', tgz([]), 'does not hold one folder'],
    [
      'a tar that is cut in a file',
      gzipSync(tar([{ name: 'web/a', content: 'x'.repeat(5000) }]).subarray(0, 2048)),
      'ends in the middle of a file',
    ],
    ['a tar without an end', gzipSync(tar([chartYaml]).subarray(0, 1024)), 'ends too early'],
    [
      'a header that was changed on the way',
      gzipSync(Buffer.from(tar([chartYaml]).toString('latin1').replace('web/', 'wub/'), 'latin1')),
      'is not a readable tar archive',
    ],
    [
      'a pax header that lies',
      tgz([{ name: 'x', type: 'x', content: '99 path=web/x\n' }, chartYaml]),
      'is not a readable tar archive',
    ],
    [
      'a size that is no number',
      tgz([{ name: 'x', type: 'x', content: pax('size', '-1') }, chartYaml]),
      'is not a readable tar archive',
    ],
    [
      'a name that is no text',
      tgz([
        { name: 'x', type: 'x', content: Buffer.from([...Buffer.from('11 path=w'), 0xff, 0x0a]) },
        chartYaml,
      ]),
      'holds a name that is not text',
    ],
  ])('%s', async (_what, bytes, reason) => {
    await expect(unpack(bytes, limits)).rejects.toMatchObject({ reason: `its archive ${reason}` })
  })
})
