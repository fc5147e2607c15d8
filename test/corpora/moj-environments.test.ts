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
    // 1,465 documents of the kind Namespace, of which two share a name; 3,251 NetworkPolicies, of which those of
    // Calico's own API and second copies of one identity are told as problems.
    expect({ conclusion, findings, summary }).toEqual({
      conclusion: 'success',
      findings: [],
      summary: { namespaces: 1464, workloads: 34, enrolled: 0, policies: 3221 },
    })
  })
})
