// What a stranger copies of ours is theirs: no mark, receipt or trailer is believed that somebody else wrote.
import { expect } from 'vitest'
import type { GitHub, PullRequest } from '../harness/index.ts'
import { strangersIn } from '../hostile/strangers.ts'
import { ALLOW_WEB, APP, ENROLLED, SHOP } from './manifests.ts'
import { scenario } from './scenario.ts'

const STRANGER = { by: 'stranger' } as const
const NETPOL = { 'shop/netpol.yaml': ALLOW_WEB } as const
const FINGERPRINT = 'f-abdcf63488'
const MARK = `<!-- ambient-guard ${FINGERPRINT} -->`
const FIX_MESSAGE = `Let Ambient traffic reach my-app\n\nAmbient-Fix: ${FINGERPRINT}\nCo-authored-by: maintainer <1+maintainer@users.noreply.github.com>`

/** What the app wrote to GitHub about comments, threads and reviews, without its reactions. */
const writes = (github: GitHub): readonly string[] =>
  github.writes
    .map(({ method, path, operations }) => [method, path, ...operations].join(' '))
    .filter((call) => /comments|reviews|resolve|minimize/i.test(call) && !call.includes('reactions'))

const contents = (pull: PullRequest, commentId: number): readonly string[] =>
  pull.reactions(commentId).map(({ content }) => content)

scenario('marks in everything that a stranger may write', async ({ github, app }) => {
  const repository = await github.repository({ files: SHOP })
  const ground = `<!-- ambient-guard ${repository.tip()} main -->`
  const all = `Fine.\n\n${MARK}\n${ground}\n${MARK}`
  const pull = await repository.pullRequest({
    title: `Let it through ${MARK}`,
    body: all,
    changes: NETPOL,
    author: 'stranger',
    fork: { owner: 'stranger' },
  })
  // Before the app says anything, somebody has said that it did.
  await pull.comment(all, STRANGER)
  const { commentId: lined } = await pull.commentsOn('shop/netpol.yaml', 11, all, STRANGER)
  await app.hears(pull.opened())
  expect(pull.check.conclusion).toBe('failure')
  expect(pull.check.output.title).toBe('1 error introduced')
  const ours = pull.reviewComments.filter(({ author }) => author === github.botLogin)
  expect(ours).toHaveLength(1)
  expect(ours[0]?.body).toContain(MARK)

  // A stranger's answer, which quotes all of ours, leaves the thread to people and makes nobody write again.
  const quoted = (ours[0]?.body ?? '').replaceAll(/^/gm, '> ')
  const { commentId: answer } = await pull.replies(ours[0]?.id ?? 0, `${quoted}\n\n${MARK}`, STRANGER)
  await pull.editsComment((await pull.comment('x', STRANGER)).commentId, all, STRANGER)
  github.forgetRequests()
  await app.hears(pull.pushes({ 'README.md': 'x\n' }, { ...STRANGER, message: FIX_MESSAGE }))
  await app.sweep()
  expect(pull.check).toMatchObject({ headSha: pull.head, conclusion: 'failure' })
  expect(pull.check.output.title).toBe('1 error introduced')
  expect(writes(github)).toEqual([])

  // Mended: what is ours and was answered is left to people, and what is not ours is left alone.
  await app.hears(pull.pushes({ 'shop/namespace.yaml': ENROLLED.replace('ambient', 'none') }, STRANGER))
  expect(pull.check.conclusion).toBe('success')
  expect(writes(github)).toEqual([])
  const left = pull.reviewComments.filter(({ author }) => author !== github.botLogin)
  expect(left.map(({ id, body, resolved, minimized }) => [id, body, resolved, minimized])).toEqual([
    [lined, all, false, null],
    [answer, `${quoted}\n\n${MARK}`, false, null],
  ])
  expect(pull.conversation.map(({ body, minimized }) => [body, minimized])).toEqual([
    [all, null],
    [all, null],
  ])
})

scenario('a receipt that a stranger wrote keeps no command from being carried out', async (story) => {
  const { github, app } = story
  const repository = await github.repository({ files: SHOP })
  const pull = await repository.pullRequest({ changes: NETPOL })
  await app.hears(pull.opened())
  const other = await repository.pullRequest({ changes: { 'README.md': 'x\n' } })
  await app.hears(other.comment('/ambient-help'))
  const { body: help = '' } = other.conversation.at(-1) ?? {}
  expect(help).toContain('/ambient-explain')

  // A process that ends after its receipt looks whether it answered: a stranger did so before it, word for word.
  github.fail({ method: 'POST', path: '/repos/*/*/issues/*/comments', hangUp: true, times: 100 })
  const { commentId } = await app.hears(pull.comment('/ambient-help'))
  github.forgetFaults()
  await pull.comment(help, STRANGER)
  await app.sweep()
  expect(contents(pull, commentId)).toEqual(['eyes', 'rocket'])
  expect(pull.conversation.slice(1).map(({ author, body }) => [author, body])).toEqual([
    ['stranger', help],
    [github.botLogin, help],
  ])
})

scenario('commits that claim to be fixes of ours', async ({ github, app }) => {
  const repository = await github.repository({ files: SHOP })
  const pull = await repository.pullRequest({ changes: NETPOL, author: 'stranger' })
  await app.hears(pull.opened())
  for (let made = 0; made < 10; made += 1)
    await app.hears(pull.pushes({ 'README.md': `${String(made)}\n` }, { ...STRANGER, message: FIX_MESSAGE }))
  expect(pull.check).toMatchObject({ headSha: pull.head, conclusion: 'failure' })
  expect(pull.reviewComments).toMatchObject([{ resolved: false, minimized: null }])
  const { commentId } = await app.hears(pull.comment('/ambient-fix'))
  expect(contents(pull, commentId)).toEqual(['eyes', 'rocket'])
  expect(pull.lastCommit.files).toEqual(['shop/netpol.yaml'])
  expect(pull.check.conclusion).toBe('success')
})

scenario('commits under the name of the app: no fix is committed, and it is handed over', async (story) => {
  const { github, app } = story
  const repository = await github.repository({ files: SHOP })
  const pull = await repository.pullRequest({ changes: NETPOL, author: 'stranger' })
  await app.hears(pull.opened())
  // git lets everybody write every author; no webhook tells who pushed.
  const forged = { by: github.botLogin, message: FIX_MESSAGE }
  github.deliverTo(null)
  for (let made = 0; made < 10; made += 1) await pull.pushes({ 'README.md': `${String(made)}\n` }, forged)
  github.deliverTo(`${app.url}/api/github/webhooks`)
  await app.sweep()
  expect(pull.check).toMatchObject({ headSha: pull.head, conclusion: 'failure' })
  expect(pull.check.output.title).toBe('1 error introduced')
  await app.hears(pull.comment('/ambient-fix'))
  expect(pull.conversation.at(-1)?.body).toContain('+        - port: 15008')
  expect(pull.check.conclusion).toBe('failure')
})

const NAMES = [
  'shop/line\nbreak.yaml',
  'shop/\u001b[31mred\u009b2J.yaml',
  'shop/\u202egpj.yaml',
  'shop/"back\\slash\'.yaml',
  '--force.yaml',
  ' space /x .yaml',
  `${MARK}.yaml`,
]

scenario('paths that would be more than paths', async ({ github, app }) => {
  const repository = await github.repository({ files: {} })
  const shop = (index: number): string =>
    [ENROLLED.replace('name: shop', `name: s${String(index)}`), APP, ALLOW_WEB]
      .join('---\n')
      .replaceAll('namespace: shop', `namespace: s${String(index)}`)
  const pull = await repository.pullRequest({
    branch: `x\u202e${MARK.replaceAll(' ', '_')}`,
    changes: Object.fromEntries(NAMES.map((name, index) => [name, shop(index)])),
  })
  await app.hears(pull.opened())
  expect(pull.check.conclusion).toBe('failure')
  expect(pull.check.output.title).toBe(`${String(NAMES.length)} errors introduced`)
  expect(pull.reviewComments.map(({ path }) => path).sort()).toEqual([...NAMES].sort())
  const { summary, text, annotations } = pull.check.output
  const own = (body: string | null): string =>
    (body ?? '').replaceAll(`${github.url}/`, 'https://github.example/')
  for (const body of [summary, text, pull.review.body, ...pull.reviewComments.map((one) => one.body)])
    expect(strangersIn(own(body))).toEqual([])
  for (const { message, title } of annotations)
    expect(`${title ?? ''}${message}`).not.toMatch(/(?!\n)[\p{Cc}\u202a-\u202e\u2066-\u2069]/u)
  await app.hears(pull.comment('/ambient-fix'))
  expect([...pull.lastCommit.files].sort()).toEqual([...NAMES].sort())
  expect(pull.check.conclusion).toBe('success')
})
