// A real multi-tenant platform: thousands of namespaces and policies, none of them in Ambient.
import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { ambientGuard, folder } from '../cli/command.ts'
import { corpus } from './corpora.ts'

const archive = corpus('moj-environments.tar.xz')

describe.skipIf(archive === null)('moj-environments', () => {
  it('is read whole, and nothing is said where nothing changed', { timeout: 120_000 }, async () => {
    const root = folder({})
    execFileSync('tar', ['xf', archive ?? '', '-C', root])
    const { code, stdout } = await ambientGuard('check', '--base', root, '--head', root, '--format', 'json')
    expect(code).toBe(0)
    const { conclusion, findings, summary } = JSON.parse(stdout) as Record<string, unknown>
    // Counted with a plain YAML reader: 1,464 Namespaces, 5 Deployments, 30 CronJobs and a Job, 3,225 NetworkPolicies
    // of Kubernetes and 24 of Calico. Four of the policies and two of the CronJobs are second copies of an identity,
    // which are told, not judged.
    expect({ conclusion, findings, summary }).toEqual({
      conclusion: 'success',
      findings: [],
      summary: { namespaces: 1464, workloads: 34, enrolled: 0, policies: 3245 },
    })
  })
})
