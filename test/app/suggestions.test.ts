// What GitHub makes of a suggestion is what was proved: the file that /ambient-fix commits, byte for byte.
import { expect } from 'vitest'
import { ALLOW_WEB, APP, DENY_INGRESS, SHOP } from './manifests.ts'
import { scenario } from './scenario.ts'
import type { ReviewComment } from '../harness/index.ts'

const withCrlf = (text: string): string => text.replace(/\n/g, '\r\n')
const withoutEnd = (text: string): string => text.replace(/\r?\n$/, '')
const OPEN = '        - port: 15008\n'
const OTHER = ALLOW_WEB.replace('my-app-allow-ingress-web', 'other')
const JSON_POLICY = JSON.stringify(
  {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: 'web', namespace: 'shop' },
    spec: { podSelector: {}, ingress: [{ ports: [{ port: 9090 }] }] },
  },
  null,
  '\t',
)

const FROM_WEB = `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: from-web
  namespace: shop
spec:
  podSelector:
    matchLabels:
      app.kubernetes.io/name: my-app
  ingress:
    - from:
        - podSelector:
            matchLabels:
              app: web
      ports:
        - port: 9090
`
/** The text on the head; before that, on the base, where there is one. */
const HEADS: Readonly<Record<string, readonly [head: string, base?: string]>> = {
  plain: [ALLOW_WEB],
  'without a line break at the end': [withoutEnd(ALLOW_WEB)],
  'with CRLF': [withCrlf(ALLOW_WEB)],
  'with CRLF and no line break at the end': [withoutEnd(withCrlf(ALLOW_WEB))],
  'with both line endings': [ALLOW_WEB.replace('ingress:\n', 'ingress:\r\n')],
  'with a byte order mark': [`\ufeff${ALLOW_WEB}`],
  'with empty lines at the end': [`${ALLOW_WEB}\n\n`],
  'with fences inside': [ALLOW_WEB.replace('9090', '9090 # ```suggestion ````')],
  'with separators that end no line': [ALLOW_WEB.replace('metadata:', 'metadata: # \u00a0\u0085\u2028')],
  'JSON with tabs': [JSON_POLICY],
  'a line that was deleted': [ALLOW_WEB, ALLOW_WEB + OPEN],
  'a line that was deleted before the one to replace': [
    ALLOW_WEB,
    ALLOW_WEB.replace('        - port: 9090', `${OPEN}        - port: 9090`),
  ],
  'several lines': [`${ALLOW_WEB}---\n${OTHER}---\n${DENY_INGRESS}`],
  'another policy, at the end': [withoutEnd(withCrlf(DENY_INGRESS))],
  'two that meet between two lines': [
    `${FROM_WEB}---\n${FROM_WEB.replace('name: from-web', 'name: from-web-too')}`,
  ],
}

/** As GitHub applies them: the lines of the comment become those of the block. */
function apply(text: string, comments: readonly ReviewComment[]): string {
  const lines = text.split(/(?<=\n)/)
  for (const { startLine, line, body } of [...comments].sort((a, b) => (b.line ?? 0) - (a.line ?? 0))) {
    const [, , block] = /^(`{3,})suggestion\n([\s\S]*?)^\1$/m.exec(body) ?? []
    if (block === undefined || line === null) continue
    const first = (startLine ?? line) - 1
    const ended = lines[line - 1]?.endsWith('\n') ?? false
    lines.splice(first, line - first, ended ? block : block.replace(/\n$/, ''))
  }
  return lines.join('')
}

for (const [name, [head, base]] of Object.entries(HEADS)) {
  scenario(name, async ({ github, app }) => {
    const path = head.startsWith('{') ? 'shop/`a` [b](c) ü.json' : 'shop/`a` [b](c) ü.yaml'
    const files = base === undefined ? SHOP : { ...SHOP, [path]: base }
    const repository = await github.repository({ files })
    const pull = await repository.pullRequest({ changes: { [path]: head } })
    await app.hears(pull.opened())
    const suggested = apply(head, pull.review.comments)
    await app.hears(pull.comment('/ambient-fix'))
    expect(suggested).not.toBe(head)
    expect(pull.file(path)).toBe(suggested)
  })
}

/** What is waived, or was there before, is nobody's suggestion, though it stands in the same lines. */
scenario('an older finding between the lines', async ({ github, app }) => {
  const old = FROM_WEB.replace('name: from-web', 'name: old').replace(/name: my-app/g, 'name: old')
  const path = 'shop/policies.yaml'
  const files = {
    ...SHOP,
    '.github/ambient-guard.yml': 'version: 1\nclusters: { default: { cni: cilium } }\n',
    'shop/old.yaml': APP.replace(/my-app/g, 'old'),
    [path]: old,
  }
  const repository = await github.repository({ files })
  const head = `${old}---\n${FROM_WEB}`
  const pull = await repository.pullRequest({ changes: { [path]: head } })
  await app.hears(pull.opened())
  const suggested = apply(head, pull.review.comments)
  const below = pull.check.output.text ?? ''
  await app.hears(pull.comment('/ambient-fix'))
  expect(suggested).not.toBe(head)
  expect(suggested.startsWith(`${old}---\n`)).toBe(true)
  expect(pull.file(path)).toBe(suggested)
  // What is shown as the fix is what is committed.
  const added = (text: string): number => text.split('\n').filter((line) => /^\+ /.test(line)).length
  expect(added(below)).toBe(suggested.split('\n').length - head.split('\n').length)
})
