// The main job on your machine: the real app as a server on loopback, a stand-in for GitHub over a real git
// repository, one pull request from opening to green. Nothing leaves the machine.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pc from 'picocolors'
import { impatientOctokit } from '../src/github/api/app.ts'
import { startServer } from '../src/app.ts'
import { readSettings } from '../src/ops/settings.ts'
import { startGitHub } from '../test/harness/index.ts'
import type { PullRequest } from '../test/harness/index.ts'
import { filesBelow } from './files.ts'
import { check, deed, diff, heading, markdown, print, quote } from './page.ts'

const cache = mkdtempSync(join(tmpdir(), 'ambient-guard-demo-'))
const github = await startGitHub()
try {
  const read = readSettings(
    {
      APP_ID: String(github.appId),
      PRIVATE_KEY: github.privateKey,
      WEBHOOK_SECRET: github.webhookSecret,
      GHE_HOST: github.host,
      GHE_PROTOCOL: 'http',
      PORT: '0',
      CACHE_DIR: cache,
      LOG_LEVEL: 'error',
    },
    () => null,
  )
  if (!read.ok) throw new Error(read.mistakes.join('; '))
  const server = await startServer(read.settings, { octokit: impatientOctokit })
  github.deliverTo(`${server.url}/api/github/webhooks`)
  try {
    await story(() => server.idle())
  } finally {
    github.deliverTo(null)
    await server.stop()
  }
  github.assertClean()
} finally {
  await github.close()
  rmSync(cache, { recursive: true, force: true })
}

async function story(idle: () => Promise<void>): Promise<void> {
  const here = import.meta.dirname
  const repository = await github.repository({
    owner: 'acme',
    name: 'platform',
    files: filesBelow(join(here, 'repository')),
  })
  const pull = await repository.pullRequest({
    title: 'Enrol payments in the mesh',
    branch: 'enrol-payments',
    author: 'dana',
    changes: filesBelow(join(here, 'change')),
  })
  heading(`acme/platform #${String(pull.number)}  Enrol payments in the mesh`)
  deed('dana', 'wants to merge one commit into main')
  diff(pull.lastCommit.diff)
  await settle(() => pull.opened(), idle)

  deed('ambient-guard', `checked ${pull.head.slice(0, 7)}`)
  check(pull.check.conclusion ?? pull.check.status, pull.check.output.title ?? '')
  markdown(pull.check.output.summary ?? '')
  for (const comment of pull.reviewComments) {
    deed('ambient-guard', `commented on ${comment.path} line ${String(comment.line)}`)
    markdown(comment.body)
  }

  deed('maintainer', 'commented')
  markdown('/ambient-fix')
  const analysed = pull.head
  await settle(() => pull.comment('/ambient-fix', { by: 'maintainer' }), idle)
  deed(pull.lastCommit.author, `committed ${pull.head.slice(0, 7)}`)
  quote(pull.lastCommit.message)
  diff(pull.lastCommit.diff)
  deed('ambient-guard', `checked ${pull.head.slice(0, 7)}`)
  check(pull.check.conclusion ?? pull.check.status, pull.check.output.title ?? '')
  markdown(pull.check.output.summary ?? '')
  finish(pull, analysed)
}

/** A deed, and everything that follows from it: the app's jobs, and the webhooks that its own writes cause. */
async function settle(act: () => Promise<unknown>, idle: () => Promise<void>): Promise<void> {
  await act()
  for (let round = 0; round < 3; round += 1) {
    await idle()
    await github.settled()
  }
}

function finish(pull: PullRequest, analysed: string): void {
  if (pull.check.conclusion !== 'success' || pull.head === analysed) {
    throw new Error(
      `the demo should end green on a new commit; it ended ${pull.check.conclusion ?? 'without a conclusion'}`,
    )
  }
  print()
  print(
    pc.bold('That was the real app, real git and real webhooks; only GitHub was a stand-in on this machine.'),
  )
  print(
    `Try it on your own manifests: ${pc.cyan('npx ambient-guard check path/to/manifests --enroll your-namespace')}`,
  )
}
