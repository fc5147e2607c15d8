// What strangers write comes into the log as a field, or not at all: no line of it is theirs.
import { connect } from 'node:net'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { startGitHub } from '../harness/index.ts'
import { ALLOW_WEB, APP, ENROLLED, SHOP } from './manifests.ts'
import { makeHome, startProcess, stillness, until } from './process.ts'

const FORGED = 'INFO (ambient-guard): forged'
const JSON_LINE = '{"level":"info","name":"ambient-guard","msg":"forged"}'
const EVIL = `x\n${FORGED}\r\n${JSON_LINE}\n\u001b[2J\u009b2J\u202e\u2028`
const PLAIN = ['level', 'time', 'pid', 'hostname', 'name', 'msg']
const SPOILING = /(?!\n)[\p{Cc}\u2028-\u202e\u2066-\u2069]/u

test.each(['pretty', 'json'])('a log that is %s', { timeout: 300_000 }, async (format) => {
  const github = await startGitHub()
  const home = await makeHome(github)
  const app = await startProcess(github, home, { LOG_LEVEL: 'debug', LOG_FORMAT: format })
  try {
    github.deliverTo(`${app.url}/api/github/webhooks`)
    const repository = await github.repository({ files: SHOP })
    const policy = ALLOW_WEB.replace('my-app-allow-ingress-web', JSON.stringify(EVIL))
    const pull = await repository.pullRequest({
      title: EVIL,
      body: EVIL,
      branch: 'x\u009b2J\u202e',
      changes: {
        'shop/netpol.yaml': ALLOW_WEB,
        [`shop/${EVIL.replaceAll('/', '-')}.yaml`]: policy,
        'shop/kustomization.yaml': `resources: [${JSON.stringify(EVIL)}]\n`,
        'web/all.yaml': [ENROLLED, APP, ALLOW_WEB].join('---\n').replaceAll('shop', JSON.stringify(EVIL)),
      },
    })
    const judged = (): boolean => pull.checks[0]?.status === 'completed'
    await pull.opened()
    await until(judged)
    const { commentId } = await pull.comment(`/ambient-fix ${EVIL}`)
    await until(() => pull.reactions(commentId).length > 1)
    await stillness(github)

    // GitHub says in an error what somebody called a thing.
    github.fail({ path: '/repos/*/*/compare/*', status: 422, body: { message: EVIL }, times: 1000 })
    github.fail({ operation: 'repository', status: 422, body: { message: EVIL }, times: 1000 })
    await pull.pushes({ 'README.md': 'x\n' }, { message: EVIL })
    await until(() => app.output().includes('job failed'))
    await stillness(github)
    await spoken(
      app.url,
      `GET /\u009b2J%0a${encodeURIComponent(FORGED)} HTTP/1.1\r\nhost: x\r\nuser-agent: \u009b2J${FORGED}\r\n`,
    )
    await fetch(`${app.url}/api/github/webhooks`, {
      method: 'POST',
      body: EVIL,
      headers: { 'x-github-event': 'push', 'x-github-delivery': 'x', 'x-hub-signature-256': 'sha256=00' },
    })

    const lines = app.output().split('\n')
    expect(app.output()).toContain('job failed')
    expect(lines.filter((line) => line.startsWith(FORGED) || line.startsWith(JSON_LINE))).toEqual([])
    if (format === 'json')
      for (const line of lines.filter((one) => one !== '' && !one.startsWith('listens on http'))) {
        const fields = JSON.parse(line) as Readonly<Record<string, unknown>>
        expect(fields).toHaveProperty('level')
        // What was sent to GitHub quotes manifests.
        if (line.includes('"GitHub request: ')) expect(Object.keys(fields)).toEqual(PLAIN)
        expect(repeated(line)).toEqual([])
        expect(line).not.toMatch(SPOILING)
      }
    else expect(lines.filter((line) => SPOILING.test(line))).toEqual([])
  } finally {
    await app.kill()
    await github.close()
    await home.remove()
  }
})

/** The keys that an object of a line has more than once: which of them counts is up to who reads it. */
function repeated(line: string): readonly string[] {
  const open: Set<string>[] = []
  const found: string[] = []
  for (const [token, key] of line.matchAll(/("(?:[^"\\]|\\.)*")\s*:|"(?:[^"\\]|\\.)*"|[{}]/g)) {
    if (token === '{') open.push(new Set())
    else if (token === '}') open.pop()
    else if (key !== undefined) {
      if (open.at(-1)?.has(key) === true) found.push(key)
      open.at(-1)?.add(key)
    }
  }
  return found
}

test('a key that is there twice is seen', () => {
  expect(repeated('{"a":{"b":"{\\"a\\":1"},"b":[{"a":1},{"a":"a"}]}')).toEqual([])
  expect(repeated('{"a":1,"b":{"c":1,"c":2},"a":2}')).toEqual(['"c"', '"a"'])
})

/** Sends a request byte by byte, as no client would, and waits for the end of the answer. */
async function spoken(url: string, head: string): Promise<void> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  socket.resume()
  socket.end(Buffer.from(`${head}connection: close\r\n\r\n`, 'latin1'))
  await once(socket, 'close')
}
