// A public Flux repository: two clusters, every chart from elsewhere.
import { describe, expect, it } from 'vitest'
import { ambientGuard } from '../cli/command.ts'
import { testWorkshop } from '../workshop.ts'
import { corpus } from './corpora.ts'

const repository = corpus('flux-example')
const hasTools = (await testWorkshop().tools.kustomize()) !== null
if (!hasTools) process.stdout.write('skipped: no kustomize is here; npm run tools fetches one\n')

interface Report {
  readonly conclusion: string
  readonly clusters: readonly {
    readonly name: string
    readonly units: readonly { readonly title: string }[]
  }[]
  readonly problems: readonly { readonly code: string; readonly path: string; readonly message: string }[]
}

describe.skipIf(repository === null || !hasTools)('flux-example', () => {
  it('yields two clusters, with what is remote named', { timeout: 180_000 }, async () => {
    const { code, stdout } = await ambientGuard(
      'check',
      repository ?? '',
      '--base',
      'none',
      '--format',
      'json',
    )
    const { conclusion, clusters, problems } = JSON.parse(stdout) as Report
    expect([code, conclusion]).toEqual([0, 'neutral'])
    expect(clusters.map(({ name }) => name)).toEqual(['production', 'staging'])
    for (const { units } of clusters) {
      const titles = units.map(({ title }) => title)
      // The artifacts of the ArtifactGenerator lead back to the folders that they are copied from.
      expect(titles).toContain('Kustomization flux-system/infra-controllers')
      expect(titles).toContain('HelmRelease podinfo/podinfo')
    }
    const charts = problems.filter(({ code: which }) => which === 'remote-chart')
    const named = ['cert-manager', 'gateway-helm', 'podinfo'].map((chart) =>
      charts.some(({ message }) => message.includes(`the chart ${chart} `)),
    )
    expect(named).toEqual([true, true, true])
    expect(charts.every(({ path }) => !path.startsWith('clusters/'))).toBe(true)
  })
})
