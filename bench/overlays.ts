// A repository of 300 overlays on one base, and one file changed: how many builds that takes, and how long, beside
// running the same builds of kustomize alone.
import { createHash } from 'node:crypto'
import { performance } from 'node:perf_hooks'
import { DEFAULT_CONFIG } from '../src/core/config.ts'
import { examine } from '../src/examine/examine.ts'
import type { Tree, TreeFile } from '../src/git/tree.ts'
import { memoryCache } from '../src/manifests/render-cache.ts'
import { createToolbox } from '../src/manifests/tools/create-toolbox.ts'
import { endlessMemory } from '../src/manifests/workshop.ts'
import type { Workshop } from '../src/manifests/workshop.ts'
import { NO_REMOTE } from '../src/remote/remote.ts'
import { say } from './measure.ts'

const OVERLAYS = 300

export async function overlays(): Promise<void> {
  const tools = createToolbox()
  const kustomize = await tools.kustomize()
  if (kustomize === null) {
    say('overlays: skipped; npm run tools puts kustomize in place')
    return
  }
  const rendered = memoryCache()
  const workshop = (): Workshop => ({
    parsed: endlessMemory(),
    renderings: endlessMemory(),
    rendered,
    tools,
    remote: NO_REMOTE,
  })
  const alone = await timed(async () => {
    for (let index = 0; index < 20; index += 1) {
      const files = new Map([...repository(null)].filter(([path]) => /^(base|overlays\/o000)\//.test(path)))
      await tools.run({
        tool: kustomize,
        args: (scratch) => [
          ...(kustomize.name === 'kubectl' ? ['kustomize'] : ['build']),
          `${scratch}/overlays/o000`,
        ],
        files,
      })
    }
  })
  const kept = workshop()
  await report('never seen before', alone, tools.runs, () => check(repository(null), repository(7), kept))
  await report('the next change, same process', alone, tools.runs, () =>
    check(repository(null), repository(8), kept),
  )
  await report('the same change, next process', alone, tools.runs, () =>
    check(repository(null), repository(8), workshop()),
  )
  await report('a change on a base that moved', alone, tools.runs, () =>
    check(repository(20), repository(21), kept),
  )
}

async function report(
  what: string,
  alone: number,
  runs: () => number,
  work: () => Promise<unknown>,
): Promise<void> {
  const before = runs()
  const ms = await timed(work)
  const one = alone / 20
  say(
    `overlays, ${String(OVERLAYS)} of them, one changed, ${what}: ${String(runs() - before)} builds, ${ms.toFixed(0)} ms, ${(ms / one).toFixed(1)} times one build alone`,
  )
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  await work()
  return performance.now() - start
}

function check(
  base: ReadonlyMap<string, string>,
  head: ReadonlyMap<string, string>,
  workshop: Workshop,
): Promise<unknown> {
  const before = treeOf(base)
  return examine({
    base: before,
    head: treeOf(head),
    trusted: before,
    config: DEFAULT_CONFIG,
    configProblems: [],
    proposed: null,
    enroll: [],
    today: '2026-01-01',
    only: null,
    repositories: [],
    workshop,
  })
}

/** `changed`: the overlay whose patch says something else. */
function repository(changed: number | null): ReadonlyMap<string, string> {
  const files = new Map([
    ['base/kustomization.yaml', 'resources: [api.yaml, policy.yaml]\n'],
    [
      'base/api.yaml',
      'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: api}\nspec:\n  selector: {matchLabels: {app: api}}\n  template:\n    metadata: {labels: {app: api}}\n    spec: {containers: [{name: api, image: x, ports: [{containerPort: 8080}]}]}\n',
    ],
    [
      'base/policy.yaml',
      'apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: api}\nspec:\n  podSelector: {}\n  ingress: [{ports: [{port: 8080}, {port: 15008}]}]\n',
    ],
  ])
  for (let index = 0; index < OVERLAYS; index += 1) {
    const name = `o${String(index).padStart(3, '0')}`
    const replicas = index === changed ? 3 : 2
    files.set(
      `overlays/${name}/kustomization.yaml`,
      `namespace: ${name}\nresources: [ns.yaml, ../../base]\nreplicas: [{name: api, count: ${String(replicas)}}]\n`,
    )
    files.set(`overlays/${name}/ns.yaml`, `apiVersion: v1\nkind: Namespace\nmetadata: {name: ${name}}\n`)
  }
  return files
}

function treeOf(files: ReadonlyMap<string, string>): Tree {
  const bytes = new Map([...files].map(([path, text]) => [path, new TextEncoder().encode(text)]))
  const listed = [...bytes]
    .map(([path, content]): TreeFile => ({
      path,
      mode: '100644',
      id: createHash('sha1').update(content).digest('hex'),
      size: content.length,
    }))
    .sort((a, b) => (a.path < b.path ? -1 : 1))
  return {
    label: 'memory',
    files: () => Promise.resolve(listed),
    read: (some, wanted = () => true) =>
      Promise.resolve(
        new Map(
          some.filter(wanted).flatMap(({ path }) => [[path, bytes.get(path) ?? new Uint8Array()] as const]),
        ),
      ),
  }
}
