// An answer that comes late or breaks off is no answer: what Octokit would take for an empty text is a failure.
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, it, onTestFinished } from 'vitest'
import { wholeAnswers } from '../../src/github/api/whole-answers.ts'

async function serve(answer: RequestListener): Promise<string> {
  const server = createServer(answer).listen(0, '127.0.0.1')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  await once(server, 'listening')
  return `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/`
}

it('a whole answer is handed on, and can be read', async () => {
  const url = await serve((request, response) => response.end(`${request.method ?? ''} all of it`))
  const response = await wholeAnswers()(url, { method: 'POST' })
  expect(await response.text()).toBe('POST all of it')
})

it('an answer that breaks off fails before anybody reads it', async () => {
  const url = await serve((_, response) => {
    response.writeHead(200, { 'content-length': '100' }).write('half')
    setImmediate(() => response.destroy())
  })
  await expect(wholeAnswers()(url)).rejects.toThrow()
})

it('an answer that does not begin in time fails, and so does one that does not end', async () => {
  const silent = await serve(() => undefined)
  await expect(wholeAnswers(50)(silent)).rejects.toMatchObject({ name: 'TimeoutError' })
  const endless = await serve((_, response) => response.writeHead(200).write('and so on'))
  await expect(wholeAnswers(500)(endless)).rejects.toMatchObject({ name: 'TimeoutError' })
})

it('who asks may give up earlier, and the limit still holds for those who may', async () => {
  const silent = await serve(() => undefined)
  const gone = new AbortController()
  const asked = wholeAnswers(60_000)(silent, { signal: gone.signal })
  gone.abort(new Error('enough'))
  await expect(asked).rejects.toThrow('enough')
  const patient = wholeAnswers(50)(silent, { signal: new AbortController().signal })
  await expect(patient).rejects.toMatchObject({ name: 'TimeoutError' })
})
