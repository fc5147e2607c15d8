// The app as a server: how fast it takes webhooks in while it works, what a pull request costs in calls of the API, how
// many it gets through, and whether its memory stays what it is.
import { fork } from 'node:child_process'
import { Agent, request } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { ALLOW_WEB, SHOP } from '../test/app/manifests.ts'
import { makeHome, startProcess, stillness } from '../test/app/process.ts'
import type { AppProcess } from '../test/app/process.ts'
import { startGitHub } from '../test/harness/index.ts'
import type { GitHub, PullRequest } from '../test/harness/index.ts'
import { say } from './measure.ts'

const BURST = 500
const PULLS = 40
const JOBS = 2000

/** Prints what a server costs; GitHub's stand-in shares the machine with it. @param jobs how many to remember memory over */
export async function server(jobs = JOBS): Promise<void> {
  await withApp('2', async (github, app) => {
    await calls(github, app)
    const pulls = await throughput(github, app, '2')
    await burst(github, app, pulls)
    say(
      `server, resident memory over ${String(jobs)} more jobs: ${await memory(app, pulls, jobs, resident)} MB`,
    )
  })
  // Memory is resident as long as nothing else needs it; whether something is kept shows in what cannot be collected.
  // Everything is thought in one thread for that.
  await withApp('0', async (github, app) => {
    const pulls = await throughput(github, app, '0')
    say(
      `server, what lives of it over ${String(jobs)} more jobs: ${await memory(app, pulls, jobs, living)} MB`,
    )
  })
}

async function withApp(
  threads: string,
  story: (github: GitHub, app: AppProcess) => Promise<void>,
): Promise<void> {
  const github = await startGitHub({ rateLimit: 1_000_000 })
  const home = await makeHome(github)
  const app = await startProcess(github, home, {
    THREADS: threads,
    LOG_LEVEL: 'warn',
    SWEEP_INTERVAL: '0',
    CONCURRENCY: '4',
  })
  try {
    github.deliverTo(`${app.url}/api/github/webhooks`)
    await story(github, app)
  } finally {
    await app.kill()
    await github.close()
    await home.remove()
  }
}

/** Without those of git, and without the app asking who it is. */
function asked(github: GitHub): number {
  return github.requests.filter(({ path }) => !path.includes('.git/')).length
}

async function calls(github: GitHub, app: AppProcess): Promise<void> {
  const repository = await github.repository({ name: 'calls', files: SHOP })
  const pull = await repository.pullRequest({ changes: { 'README.md': 'x\n' } })
  const count = async (deed: () => Promise<unknown>): Promise<number> => {
    github.forgetRequests()
    await deed()
    await idle(app)
    await stillness(github)
    return asked(github)
  }
  const first = await count(() => pull.opened())
  const push = await count(() => pull.pushes({ 'README.md': 'y\n' }))
  const again = await count(() => pull.reopened())
  say(
    `server, calls of the API: a clean pull request ${String(first)}, a push that changes nothing ${String(push)}, a second look at the same head ${String(again)}`,
  )
}

async function throughput(github: GitHub, app: AppProcess, threads: string): Promise<readonly PullRequest[]> {
  const repository = await github.repository({ name: 'throughput', files: SHOP })
  const pulls: PullRequest[] = []
  for (let index = 0; index < PULLS; index += 1)
    pulls.push(
      await repository.pullRequest({
        changes: { 'shop/netpol.yaml': `# ${String(index)}\n${ALLOW_WEB}` },
      }),
    )
  const begun = performance.now()
  for (const pull of pulls) await pull.opened()
  while (!pulls.every(({ checks }) => checks.at(-1)?.status === 'completed')) await sleep(10)
  const minutes = (performance.now() - begun) / 60_000
  await idle(app)
  say(
    `server, pull requests with a finding each, ${threads} threads: ${(PULLS / minutes).toFixed(0)} a minute`,
  )
  return pulls
}

/**
 * Webhooks one hundred a second, while everything is busy with those before them. Another process brings them, as GitHub does: what
 * keeps the stand-in waiting is none of the app's time.
 */
async function burst(github: GitHub, app: AppProcess, pulls: readonly PullRequest[]): Promise<void> {
  const webhooks: Webhook[] = []
  const url = `${app.url}/api/github/webhooks`
  github.deliverTo(() => Promise.resolve())
  for (let index = 0; index < BURST; index += 1) {
    const { id, event, payload, signature } = await (pulls[index % pulls.length] as PullRequest).reopened()
    webhooks.push({ id, event, text: JSON.stringify(payload), signature })
  }
  github.deliverTo(url)
  const times = await inProcess({ url, webhooks })
  times.sort((a, b) => a - b)
  const at = (share: number): string => (times[Math.floor(times.length * share)] ?? NaN).toFixed(1)
  say(
    `server, ${String(BURST)} webhooks in five seconds: acknowledged in ${at(0.5)} ms (p50), ${at(0.99)} ms (p99)`,
  )
  await idle(app)
}

interface Webhook {
  readonly id: string
  readonly event: string
  readonly text: string
  readonly signature: string
}

interface Burst {
  readonly url: string
  readonly webhooks: readonly Webhook[]
}

function inProcess(task: Burst): Promise<number[]> {
  return new Promise((resolve, reject) => {
    const child = fork(join(import.meta.dirname, 'bench.ts'), ['deliver'])
    child.once('message', (times) => {
      resolve(times as number[])
    })
    child.once('error', reject)
    child.send(task)
  })
}

/** What that process does: five hundred in five seconds, as a network brings them. */
export function deliver(): void {
  process.once('message', (task) => {
    void bring(task as Burst).then((times) => {
      process.send?.(times)
      process.disconnect()
    })
  })
}

async function bring({ url, webhooks }: Burst): Promise<readonly number[]> {
  const agent = new Agent({ keepAlive: true })
  const waits: Promise<number>[] = []
  for (const webhook of webhooks) {
    waits.push(post(url, webhook, agent))
    await sleep(10)
  }
  const times = await Promise.all(waits)
  agent.destroy()
  return times
}

/** Milliseconds until the answer is here. By node:http, since `fetch` takes more of the processor than the app's answer does. */
function post(url: string, { id, event, text, signature }: Webhook, agent: Agent): Promise<number> {
  const begun = performance.now()
  const headers = {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
    'x-github-event': event,
    'x-github-delivery': id,
    'x-hub-signature-256': signature,
  }
  return new Promise((resolve, reject) => {
    const take = (answer: IncomingMessage): void => {
      answer.resume().once('end', () => {
        if (answer.statusCode === 200) resolve(performance.now() - begun)
        else reject(new Error(`a webhook was answered with ${String(answer.statusCode)}`))
      })
    }
    request(url, { agent, method: 'POST', headers }, take).once('error', reject).end(text)
  })
}

/** What `measure` says at the start, after each quarter of so many jobs, and thus at the end. */
async function memory(
  app: AppProcess,
  pulls: readonly PullRequest[],
  jobs: number,
  measure: (app: AppProcess) => Promise<string>,
): Promise<string> {
  const seen: string[] = []
  for (let done = 0; done < jobs; done += 1) {
    if (done % Math.ceil(jobs / 4) === 0) seen.push(await measure(app))
    await (pulls[done % pulls.length] as PullRequest).reopened()
    // One that waits takes the place of another, so each has to be done before the next for its pull request.
    if (done % pulls.length === pulls.length - 1) await idle(app)
  }
  await idle(app)
  return [...seen, await measure(app)].join(', ')
}

async function metric(app: AppProcess, name: string): Promise<number> {
  const text = await (await fetch(`${app.url}/metrics`)).text()
  const line = text.split('\n').find((one) => one.startsWith(`${name} `))
  return Number(line?.split(' ').at(-1) ?? NaN)
}

async function resident(app: AppProcess): Promise<string> {
  return megabytes(await metric(app, 'process_resident_memory_bytes'))
}

/** JavaScript objects that are left once all that can be is collected. */
async function living(app: AppProcess): Promise<string> {
  process.kill(app.pid, 'SIGUSR2')
  // Collecting takes the thread that would answer: the answer comes after it.
  await metric(app, 'process_resident_memory_bytes')
  return megabytes(await metric(app, 'nodejs_heap_size_used_bytes'))
}

function megabytes(bytes: number): string {
  return (bytes / 1024 / 1024).toFixed(0)
}

async function idle(app: AppProcess): Promise<void> {
  const depth = async (state: string): Promise<number> =>
    metric(app, `ambient_guard_queue_depth{state="${state}"}`)
  while ((await depth('waiting')) + (await depth('running')) > 0) await sleep(20)
}
