import { once } from 'node:events'
import { chmodSync, readFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { CommandFailed, findCommand, isolatesNetwork, run } from '../../src/exec.ts'
import { isGone } from '../tools/is-gone.ts'
import { sandbox, write } from './sandbox.ts'

const bounds = { timeoutMs: 10_000, maxOutputBytes: 1_000_000 }
const sh = (script: string, more = {}) => run('sh', ['-c', script], { ...bounds, ...more })
const directory = sandbox()

describe('run', () => {
  it('reports the exit code, output and errors of a command as data', async () => {
    const done = await sh('cat; echo oops >&2; exit 3', { input: 'in' })
    expect({ ...done, stdout: done.stdout.toString() }).toEqual({ code: 3, stdout: 'in', stderr: 'oops\n' })
  })

  it('starts from an empty environment', async () => {
    process.env['AMBIENT_GUARD_TEST_SECRET'] = 'secret'
    const done = await run('env', [], { ...bounds, env: { MINE: '1' } })
    delete process.env['AMBIENT_GUARD_TEST_SECRET']
    const names = done.stdout
      .toString()
      .split('\n')
      .map((text) => text.split('=')[0])
      .filter((name) => name !== '')
    expect(names.sort()).toEqual(['HOME', 'LANG', 'MINE', 'PATH'])
    expect(done.stdout.toString()).toContain('HOME=/nonexistent')
  })

  it('does not read arguments as a shell would', async () => {
    const done = await run('printf', ['%s', '$(id); `id` "'], bounds)
    expect(done.stdout.toString()).toBe('$(id); `id` "')
  })

  it('says which command is missing, and which directory', async () => {
    await expect(run('no-such-command', [], bounds)).rejects.toMatchObject({ reason: 'not-found' })
    await expect(run('true', [], { ...bounds, cwd: join(directory, 'none') })).rejects.toMatchObject({
      reason: 'not-started',
    })
  })

  it('finds no command by a relative entry of PATH', async () => {
    write(directory, { 'bin/tool': '#!/bin/sh\n' })
    chmodSync(join(directory, 'bin/tool'), 0o755)
    const before = process.env['PATH']
    try {
      process.env['PATH'] = `.:bin:${before ?? ''}`
      expect(await findCommand('tool')).toBeNull()
      process.env['PATH'] = `${directory}/bin:${before ?? ''}`
      expect(await findCommand('tool')).toBe(join(directory, 'bin/tool'))
    } finally {
      process.env['PATH'] = before
    }
  })

  it('ends a command that takes too long, with its children', async () => {
    const pid = join(directory, 'pid')
    const started = Date.now()
    await expect(sh(`sleep 60 & echo $! > ${pid}; wait`, { timeoutMs: 200 })).rejects.toThrow(
      new CommandFailed('timed-out', 'sh', 'did not finish within 0.2 s'),
    )
    expect(Date.now() - started).toBeLessThan(6000)
    expect(await isGone(Number(readFileSync(pid, 'utf8')))).toBe(true)
  })

  it('ends a command that does not want to end', async () => {
    const started = Date.now()
    await expect(sh('trap "" TERM; while :; do sleep 0.1; done', { timeoutMs: 100 })).rejects.toMatchObject({
      reason: 'timed-out',
    })
    expect(Date.now() - started).toBeLessThan(6000)
  })

  it('does not wait for what a command leaves running', async () => {
    const started = Date.now()
    expect((await sh('sleep 60 & echo done')).stdout.toString()).toBe('done\n')
    expect(Date.now() - started).toBeLessThan(6000)
  })

  it('ends a command that writes too much', async () => {
    await expect(sh('yes', { maxOutputBytes: 1000 })).rejects.toMatchObject({ reason: 'output-too-large' })
    expect((await sh('yes >&2 & sleep 0.2; kill $!')).stderr.length).toBeLessThanOrEqual(64 * 1024)
  })

  it('does not mind a command that leaves its input unread', async () => {
    expect((await run('true', [], { ...bounds, input: new Uint8Array(10_000_000) })).code).toBe(0)
  })

  it('reports a command that was killed', async () => {
    await expect(sh('kill -9 $$')).rejects.toMatchObject({ reason: 'killed' })
  })

  it('limits memory, processor time, files and descriptors where the platform can', async () => {
    if ((await findCommand('prlimit')) === null) return
    const limits = { memoryBytes: 2 ** 30, cpuSeconds: 7, fileBytes: 2 ** 20, openFiles: 99 }
    const told = (await run('cat', ['/proc/self/limits'], { ...bounds, limits })).stdout.toString()
    expect(told).toMatch(/^Max address space +1073741824 +1073741824 /m)
    expect(told).toMatch(/^Max cpu time +7 +8 /m)
    expect(told).toMatch(/^Max file size +1048576 +1048576 /m)
    expect(told).toMatch(/^Max open files +99 +99 /m)
  })

  it('ends a command that uses up its processor time, also one that ignores the signal', async () => {
    if ((await findCommand('prlimit')) === null) return
    const more = { limits: { cpuSeconds: 1 }, timeoutMs: 50_000 }
    await expect(sh('while :; do :; done', more)).rejects.toThrow('sh was ended by SIGXCPU')
    const deaf = sh('trap "" XCPU; while :; do :; done', more)
    await expect(deaf).rejects.toThrow('sh was ended by SIGKILL')
  })

  it('leaves a command without a network where the system can, and says whether it can', async () => {
    const server = createServer((socket) => socket.end('heard')).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const call = `require('net').connect(${String(port)}, '127.0.0.1').on('error', (e) => console.log(e.code)).pipe(process.stdout)`
    const caller = async (more: object): Promise<string> =>
      (await run(process.execPath, ['-e', call], { ...bounds, ...more })).stdout.toString().trim()
    try {
      expect(await caller({})).toBe('heard')
      const alone = await caller({ network: 'none' })
      expect(alone).toBe((await isolatesNetwork()) ? 'ENETUNREACH' : 'heard')
    } finally {
      server.close()
    }
  })

  it('ends the group of a command that has neither network nor much of anything', async () => {
    const pid = join(directory, 'pid-confined')
    const more = { timeoutMs: 300, network: 'none', limits: { openFiles: 64 } }
    await expect(sh(`sleep 60 & echo $! > ${pid}; wait`, more)).rejects.toMatchObject({ reason: 'timed-out' })
    expect(await isGone(Number(readFileSync(pid, 'utf8')))).toBe(true)
  })
})
