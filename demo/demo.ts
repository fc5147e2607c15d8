// The main job on your machine: the real app as a server on loopback, a stand-in for GitHub over a real git
// repository, one pull request from opening to green. Nothing leaves the machine.
import { join } from 'node:path'
import pc from 'picocolors'
import type { PullRequest } from '../test/harness/index.ts'
import { filesBelow } from './files.ts'
import { check, deed, diff, heading, markdown, print, quote } from './page.ts'
import { onStage } from './stage.ts'
import type { Stage } from './stage.ts'

await onStage(story)

async function story({ github, settle }: Stage): Promise<void> {
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
  await settle(() => pull.opened())

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
  await settle(() => pull.comment('/ambient-fix', { by: 'maintainer' }))
  deed(pull.lastCommit.author, `committed ${pull.head.slice(0, 7)}`)
  quote(pull.lastCommit.message)
  diff(pull.lastCommit.diff)
  deed('ambient-guard', `checked ${pull.head.slice(0, 7)}`)
  check(pull.check.conclusion ?? pull.check.status, pull.check.output.title ?? '')
  markdown(pull.check.output.summary ?? '')
  finish(pull, analysed)
}

function finish(pull: PullRequest, analysed: string): void {
  if (pull.check.conclusion !== 'success' || pull.head === analysed) {
    throw new Error(
      `the demo should end green on a new commit; it ended ${pull.check.conclusion ?? 'without a conclusion'}`,
    )
  }
  print()
  print(pc.bold('That was the real app, real git and real webhooks; only GitHub was a stand-in.'))
  print('Try it on your own manifests:')
  print(`  ${pc.cyan('npx ambient-guard check path/to/manifests --enroll your-namespace')}`)
}
