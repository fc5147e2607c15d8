// Fixes that create files, on their way into a branch: composed where only some are asked for, committed as new files,
// and not over what the branch has there.
import { describe, expect, it } from 'vitest'
import type { Fix, Report, ReportFinding } from '../../src/examine/report.ts'
import { chooseFix } from '../../src/jobs/choose.ts'
import { ENROLLED, NAMESPACE } from '../app/manifests.ts'
import { scenario } from '../app/scenario.ts'
import { deployment } from '../cli/manifests.ts'
import type { GitHub } from '../harness/index.ts'
import { pinnedToolbox } from '../tools/pinned.ts'

const toolbox = pinnedToolbox('committing a policy beside a chart')

const release = ({ url }: GitHub): Record<string, string> => ({
  'charts/guard/Chart.yaml': 'apiVersion: v2\nname: guard\nversion: 1.0.0\n',
  'charts/guard/templates/np.yaml': `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: {{ .Release.Name }}
spec:
  podSelector: {}
  ingress:
  - ports: [{port: 9090}]
`,
  'prod/app.yaml': deployment('my-app', 'shop', 9090),
  'prod/guard.yaml': `apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {name: here, namespace: flux-system}
spec: {url: ${url}/acme/platform, interval: 1m}
---
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: guard, namespace: shop}
spec:
  interval: 1m
  chart:
    spec:
      chart: ./charts/guard
      sourceRef: {kind: GitRepository, name: here, namespace: flux-system}
`,
})

describe.skipIf(toolbox === null)('/ambient-fix', () => {
  scenario('a policy beside a generated one is a new file of the commit', async ({ github, app }) => {
    const files = { ...release(github), 'prod/namespace.yaml': NAMESPACE }
    const repository = await github.repository({ files })
    const pull = await repository.pullRequest({ changes: { 'prod/namespace.yaml': ENROLLED } })
    await app.hears(pull.opened())
    const [comment] = pull.review.comments
    expect(comment).toMatchObject({ path: 'prod/namespace.yaml' })
    expect(comment?.body).toContain('--- /dev/null\n+++ b/prod/guard-ambient.yaml\n')
    expect(comment?.body).not.toContain('```suggestion')
    await app.hears(pull.comment('/ambient-fix', { by: 'maintainer' }))
    expect(pull.lastCommit.files).toEqual(['prod/guard-ambient.yaml'])
    expect(pull.lastCommit.diff).toContain('new file mode 100644')
    expect(pull.check.conclusion).toBe('success')
  })

  scenario('a new file does not take the place of one that the branch still has', async ({ github, app }) => {
    const files = {
      ...release(github),
      'prod/namespace.yaml': NAMESPACE,
      'prod/guard-ambient.yaml': '# old\n',
    }
    const repository = await github.repository({ files })
    const pull = await repository.pullRequest({ changes: { 'prod/namespace.yaml': ENROLLED } })
    await repository.pushToBase({ 'prod/guard-ambient.yaml': null })
    const { head } = pull
    await app.hears(pull.opened())
    await app.hears(pull.comment('/ambient-fix', { by: 'maintainer' }))
    expect(pull.conversation.at(-1)?.body).toBe(
      'The fix creates `prod/guard-ambient.yaml`, where this branch has something that `main` has not. Update the branch from `main`, then ask again.',
    )
    expect(pull.head).toBe(head)
  })
})

describe('some of several fixes', () => {
  const insertion = (path: string, before: string | null, text: string): Fix['files'][number] => {
    const at = before?.length ?? 0
    return {
      path,
      created: before === null,
      before: before ?? '',
      after: `${before ?? ''}${text}`,
      edits: [{ start: at, end: at, text }],
      diff: '',
    }
  }
  const finding = (fingerprint: string, fix: Fix): ReportFinding =>
    ({
      fingerprint,
      fix,
      rule: 'hbone-ingress',
      change: 'introduced',
      waived: null,
    }) as unknown as ReportFinding
  const report = (...findings: readonly ReportFinding[]): Report =>
    ({ findings, fix: null }) as unknown as Report

  it('keep a file created that a later fix edits, and are of the strategy that goes furthest', async () => {
    const first: Fix = {
      strategy: 'companion',
      text: 'One.',
      files: [insertion('a.yaml', null, 'a\n'), insertion('k.yaml', 'k\n', 'x\n')],
    }
    const second: Fix = { strategy: 'edit', text: 'Two.', files: [insertion('a.yaml', 'a\n', 'b\n')] }
    const judged: (readonly [path: string, text: string])[][] = []
    const chosen = await chooseFix(
      { by: 'rule', rule: 'hbone-ingress' },
      report(finding('f-1', first), finding('f-2', { ...second, files: [insertion('b.yaml', null, 'b\n')] })),
      (edits) => {
        judged.push([...edits])
        return Promise.resolve(judged.length === 1 ? report(finding('f-2', second)) : report())
      },
    )
    expect(judged).toEqual([
      [
        ['a.yaml', 'a\n'],
        ['k.yaml', 'k\nx\n'],
      ],
      [
        ['a.yaml', 'a\nb\n'],
        ['k.yaml', 'k\nx\n'],
      ],
    ])
    expect(chosen?.fix).toMatchObject({
      strategy: 'companion',
      text: 'One. Two.',
      files: [
        {
          path: 'a.yaml',
          created: true,
          before: '',
          after: 'a\nb\n',
          diff: '--- /dev/null\n+++ b/a.yaml\n@@ -0,0 +1,2 @@\n+a\n+b\n',
        },
        { path: 'k.yaml', created: false, before: 'k\n', after: 'k\nx\n' },
      ],
    })
    expect(chosen?.findings.map(({ fingerprint }) => fingerprint)).toEqual(['f-1', 'f-2'])
  })
})
