// The image without a Docker engine: performs the steps of the Dockerfile in a scratch folder, starts its command as
// its user against a stand-in for GitHub, waits for its HEALTHCHECK, has it review a pull request whose policies are
// behind a kustomization, and stops it. What this leaves unproved is in docs/self-hosting.md.
// Usage: npm run image, for the Node that the image has: npx -p node@24 -- node --import tsx scripts/image.ts
import { spawnSync } from 'node:child_process'
import { chmodSync, lstatSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { startGitHub } from '../test/harness/index.ts'
import type { GitHub, PullRequest } from '../test/harness/index.ts'
import { build } from './image/build.ts'
import type { Built } from './image/build.ts'
import { readDockerfile } from './image/dockerfile.ts'
import type { Stage } from './image/dockerfile.ts'
import { start } from './image/start.ts'
import type { Started } from './image/start.ts'

const ROOT = join(import.meta.dirname, '..')
/** A text of the repository, for the log not to hold. */
const MARK = 'a-text-of-the-repository'
const NAMES = `metadata: {name: api, namespace: shop, annotations: {note: ${MARK}}}`
const POLICIES = {
  'shop/base/kustomization.yaml': 'resources: [namespace.yaml, workload.yaml, policy.yaml]\n',
  'shop/base/namespace.yaml': 'apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n',
  'shop/base/workload.yaml': `apiVersion: apps/v1\nkind: Deployment\n${NAMES}\nspec:\n  selector: {matchLabels: {app: api}}\n  template:\n    metadata: {labels: {app: api}}\n    spec: {containers: [{name: api, image: api, ports: [{containerPort: 8080}]}]}\n`,
  'shop/base/policy.yaml': `apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n${NAMES}\nspec:\n  podSelector: {matchLabels: {app: api}}\n  ingress:\n    - from: [{podSelector: {}}]\n      ports: [{port: 8080}]\n`,
  'shop/prod/kustomization.yaml': 'resources: [../base]\n',
}
const ENROLLED =
  'resources: [../base]\npatches:\n  - patch: |\n      apiVersion: v1\n      kind: Namespace\n      metadata: {name: shop, labels: {istio.io/dataplane-mode: ambient}}\n'

const say = (line: string): void => void process.stdout.write(`${line}\n`)
await main()

async function main(): Promise<void> {
  const stages = readDockerfile(readFileSync(join(ROOT, 'Dockerfile'), 'utf8'))
  const image = stages.at(-1)
  if (image === undefined) throw new Error('Dockerfile: no stage')
  const scratch = mkdtempSync(join(tmpdir(), 'ambient-guard-image-'))
  // As the root of a container is: everybody may look in.
  chmodSync(scratch, 0o755)
  const github = await startGitHub()
  try {
    const built = build(stages, ROOT, scratch, say)
    await rehearse(image, built, github)
    say('The image builds, starts, judges and stops, as far as that can be seen without an engine.')
  } finally {
    await github.close()
    spawnSync('chmod', ['-R', 'u+w', scratch])
    rmSync(scratch, { recursive: true, force: true })
  }
}

async function rehearse(image: Stage, built: Built, github: GitHub): Promise<void> {
  const app = await start(image, built, {
    APP_ID: String(github.appId),
    PRIVATE_KEY: github.privateKey,
    WEBHOOK_SECRET: github.webhookSecret,
    GHE_HOST: github.host,
    GHE_PROTOCOL: 'http',
  })
  let end: string
  try {
    await app.healthy()
    say(`HEALTHCHECK succeeds as user ${String(image.user)}`)
    const { status } = await fetch(`${app.url}/readyz`)
    if (status !== 200) throw new Error(`/readyz answers ${String(status)}`)
    const before = inventory(built.workdir)
    await review(app, github)
    if (inventory(built.workdir) !== before) throw new Error('the app wrote beside its own files')
    expectNothing(app.output(), [github.privateKey, github.webhookSecret, MARK])
  } finally {
    github.deliverTo(null)
    end = await app.stop()
  }
  if (end !== '0') throw new Error(`after SIGTERM the app ended with ${end}:\n${app.output()}`)
  say('SIGTERM: exit code 0')
  github.assertClean()
}

/** A pull request that enrols a namespace by a patch: what is wrong with it only shows in what kustomize renders. */
async function review(app: Started, github: GitHub): Promise<void> {
  github.deliverTo(`${app.url}/api/github/webhooks`)
  const repository = await github.repository({ files: POLICIES })
  const pull = await repository.pullRequest({ changes: { 'shop/prod/kustomization.yaml': ENROLLED } })
  await pull.opened()
  await settled(pull, app)
  await github.settled()
  const { conclusion, output } = pull.check
  if (conclusion !== 'failure' || !(output.summary ?? '').includes('hbone-ingress'))
    throw new Error(`the check is ${String(conclusion)}: ${output.title ?? ''}\n${output.summary ?? ''}`)
  // This machine may have a kustomize of its own, which must not stand in for one that the image lacks.
  if (!(output.summary ?? '').includes('(pinned)')) throw new Error(`other tools: ${output.summary ?? ''}`)
  say(`a pull request is judged: ${output.title ?? ''}`)
}

async function settled(pull: PullRequest, app: Started): Promise<void> {
  for (const deadline = Date.now() + 120_000; Date.now() < deadline; await pause(500)) {
    if (pull.checks[0]?.status === 'completed') return
  }
  throw new Error(`no verdict after two minutes:\n${app.output()}`)
}

/** Names, sizes and times of everything below a folder. */
function inventory(folder: string): string {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .sort()
    .map((name) => {
      const { size, mtimeMs } = lstatSync(join(folder, name))
      return `${name} ${String(size)} ${String(mtimeMs)}`
    })
    .join('\n')
}

function expectNothing(output: string, secrets: readonly string[]): void {
  for (const line of secrets.flatMap((secret) => secret.split('\n')).filter((part) => part.length > 20)) {
    if (output.includes(line)) throw new Error('the log holds a secret, or a text of the repository')
  }
}
