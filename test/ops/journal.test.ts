// What a process keeps until it is done: found by the next one, a few times, and gone once it is done.
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { createJournal } from '../../src/ops/journal.ts'

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'ambient-guard-journal-'))
  onTestFinished(() => rm(path, { recursive: true, force: true }))
  return join(path, 'pressed')
}

const entry = (task: string, slot = 'button') => ({ key: 'acme/app#1', slot, task })

it('keeps pieces over processes, each once for its key and slot, until they are done', async () => {
  const path = await folder()
  expect(await createJournal<string>(path).left()).toEqual([])
  const journal = createJournal<string>(path)
  await journal.done(entry('never kept'))
  const old = entry('old')
  for (const one of [old, entry('new'), entry('other', 'recheck')]) await journal.keep(one)
  // It was under way while the newer one came.
  await journal.done(old)
  const next = createJournal<string>(path)
  const left = await next.left()
  expect(left.map(({ task }) => task).sort()).toEqual(['new', 'other'])
  for (const one of left.filter(({ task }) => task === 'new')) await next.done(one)
  expect(await createJournal<string>(path).left()).toEqual([entry('other', 'recheck')])
  const [file = ''] = await readdir(path)
  expect((await stat(join(path, file))).mode & 0o077).toBe(0)
})

it('does not end every process by what ended one, nor by what it cannot read', async () => {
  const path = await folder()
  const journal = createJournal<string>(path)
  await journal.keep(entry('poison'))
  await writeFile(join(path, 'broken.json'), '{')
  await writeFile(join(path, 'half.json.new'), '{')
  const seen = []
  for (let process = 0; process < 5; process += 1)
    seen.push((await createJournal<string>(path).left()).length)
  expect(seen).toEqual([1, 1, 1, 0, 0])
  expect(await readdir(path)).toEqual(['half.json.new'])
})

it('is done all the same where the disk takes nothing more, and says why it is not counted', async () => {
  const path = await folder()
  await createJournal<string>(path).keep(entry('pressed'))
  const [file = ''] = await readdir(path)
  await mkdir(join(path, `${file}.new`))
  const heard: unknown[] = []
  expect(await createJournal<string>(path).left((error) => heard.push(error))).toEqual([entry('pressed')])
  expect(heard).toMatchObject([{ code: 'EISDIR' }])
})
