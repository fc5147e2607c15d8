// Pictures of what the bot says, as a person sees it on GitHub: the real app plays a few scenes, and headless Chromium
// draws its Markdown. `npm run pictures` writes them to docs/images; look at them before they are committed.
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import type { PullRequest } from '../test/harness/index.ts'
import { filesBelow } from './files.ts'
import { checkBox, commentBox, page } from './html.ts'
import { onStage } from './stage.ts'
import type { Stage } from './stage.ts'

const target = resolve(process.argv[2] ?? join(import.meta.dirname, '../docs/images'))
const scratch = mkdtempSync(join(tmpdir(), 'ambient-guard-pictures-'))
try {
  mkdirSync(target, { recursive: true })
  await onStage(enrolment)
  await onStage(crowd)
  await onStage(trouble)
} finally {
  rmSync(scratch, { recursive: true, force: true })
}

/** The pull request of the demo, and what a person may ask about it. */
async function enrolment({ github, settle }: Stage): Promise<void> {
  const repository = await github.repository({ files: filesBelow(join(import.meta.dirname, 'repository')) })
  const pull = await repository.pullRequest({ changes: filesBelow(join(import.meta.dirname, 'change')) })
  await settle(() => pull.opened())
  const comments = pull.reviewComments.map(boxOf(pull))
  await draw('check', [checkBoxOf(pull)])
  await draw('comments', comments)
  await draw('pull-request', [...comments.slice(-1), checkBoxOf(pull)], 1000)
  const fingerprint = /f-[0-9a-f]{10}/.exec(pull.check.output.summary ?? '')?.[0] ?? ''
  const asked = [
    '/ambient-help',
    `/ambient-explain ${fingerprint}`,
    '/ambient-fix f-0000000000',
    '/ambient-fux',
  ]
  for (const command of asked) await settle(() => pull.comment(command))
  await draw(
    'answers',
    pull.conversation.map(({ author, body }) => commentBox({ author, where: '', lines: [], body })),
  )
  await settle(() => pull.comment('/ambient-fix'))
  await draw('green', [checkBoxOf(pull)])
}

/** More workloads than a picture has room for, in several namespaces. */
async function crowd({ github, settle }: Stage): Promise<void> {
  const shops = ['shop', 'billing', 'search']
  const files = Object.fromEntries(shops.flatMap((name) => [[`${name}/all.yaml`, workloads(name)]]))
  const repository = await github.repository({ files })
  const pull = await repository.pullRequest({
    changes: Object.fromEntries(shops.map((name) => [`${name}/policy.yaml`, policy(name, shops)])),
  })
  await settle(() => pull.opened())
  await draw('crowd', [checkBoxOf(pull)])
}

/** What cannot be judged: a broken manifest, a namespace that nobody describes, and a conflict. */
async function trouble({ github, settle }: Stage): Promise<void> {
  const repository = await github.repository({
    files: { 'shop/all.yaml': workloads('shop'), 'notes.md': 'one\n' },
  })
  const broken = await repository.pullRequest({
    changes: {
      'shop/policy.yaml': 'apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: [\n',
      'other/policy.yaml': policy('other', ['shop']),
      'other/all.yaml': workloads('other').split('---\n').slice(1).join('---\n'),
    },
  })
  await settle(() => broken.opened())
  const stuck = await repository.pullRequest({ changes: { 'notes.md': 'two\n' } })
  await repository.pushToBase({ 'notes.md': 'three\n' })
  await settle(() => stuck.opened())
  await draw('trouble', [checkBoxOf(broken), checkBoxOf(stuck)])
}

function workloads(namespace: string): string {
  const labels = '{istio.io/dataplane-mode: ambient}'
  const one = (name: string): string => `apiVersion: apps/v1
kind: Deployment
metadata: {name: ${name}, namespace: ${namespace}}
spec:
  selector: {matchLabels: {app: ${name}}}
  template:
    metadata: {labels: {app: ${name}}}
    spec:
      containers:
        - {name: main, image: main, ports: [{containerPort: 8080}], readinessProbe: {httpGet: {path: /, port: 8080}}}
`
  return [
    `apiVersion: v1\nkind: Namespace\nmetadata: {name: ${namespace}, labels: ${labels}}\n`,
    ...Array.from({ length: 12 }, (_, index) => one(`${namespace}-${String(index + 1)}`)),
  ].join('---\n')
}

function policy(namespace: string, clients: readonly string[]): string {
  const from = clients.map(
    (name) => `        - namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: ${name}}}`,
  )
  return `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: clients, namespace: ${namespace}}
spec:
  podSelector: {}
  ingress:
    - from:
${from.join('\n')}
      ports: [{port: 8080, protocol: TCP}]
`
}

function boxOf(pull: PullRequest): (comment: PullRequest['reviewComments'][number]) => string {
  return ({ author, path, startLine, line, body }) => {
    const text = (pull.file(path) ?? '').split('\n')
    const [first, last] = [startLine ?? line ?? 1, line ?? 1]
    const where = `${path}, ${first === last ? `line ${String(last)}` : `lines ${String(first)} to ${String(last)}`}`
    return commentBox({ author, where, lines: text.slice(first - 1, last), body })
  }
}

function checkBoxOf({ check: { conclusion, output, actions } }: PullRequest): string {
  return checkBox({
    conclusion: conclusion ?? '',
    title: output.title ?? '',
    summary: output.summary ?? '',
    text: output.text ?? '',
    buttons: actions.map(({ label }) => label),
  })
}

/** Draws boxes below each other, at most so many pixels of them. The page is asked for its height first. */
async function draw(name: string, boxes: readonly string[], most = Infinity): Promise<void> {
  const html = join(scratch, `${name}.html`)
  writeFileSync(html, page(boxes))
  const height = /<title>(\d+)<\/title>/.exec(await chromium(html, 1000, ['--dump-dom']))?.[1]
  if (height === undefined) throw new Error(`${name} has no height: did Mermaid draw everything?`)
  const picture = join(target, `${name}.png`)
  await chromium(html, Math.min(Number(height), most), [`--screenshot=${picture}`])
  process.stdout.write(`${picture}\n`)
}

/** What it prints. The scene goes on meanwhile: its connections end where nobody looks after them. */
async function chromium(html: string, height: number, more: readonly string[]): Promise<string> {
  const program = process.env.CHROMIUM ?? 'chromium'
  const common = [
    '--headless',
    '--no-sandbox',
    '--disable-gpu',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    '--hide-scrollbars',
    '--virtual-time-budget=20000',
    `--user-data-dir=${join(scratch, 'profile')}`,
    `--window-size=900,${String(height)}`,
  ]
  const { stdout } = await promisify(execFile)(program, [...common, ...more, `file://${html}`], {
    maxBuffer: 64 * 1024 * 1024,
    timeout: 120_000,
  })
  return stdout
}
