// Speed and memory, as ratios measured in one run: a machine may be slow, a ratio says what our own work costs.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { load as parseYaml } from 'js-yaml'
import { analyze } from '../src/core/index.ts'
import { DEFAULT_CONFIG } from '../src/core/config.ts'
import type { ClusterConfig } from '../src/core/config.ts'
import { splitDocuments } from '../src/core/yaml/index.ts'
import { examine } from '../src/examine/examine.ts'
import { directoryTree } from '../src/git/tree.ts'
import type { ParsedFile } from '../src/manifests/parse.ts'
import { manifests } from './synthetic.ts'

const cluster = DEFAULT_CONFIG.clusters[0] as ClusterConfig

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

/** Milliseconds of one run; the fastest of several, since noise only ever adds. */
async function fastest(times: number, work: () => unknown): Promise<number> {
  let best = Infinity
  for (let i = 0; i < times; i += 1) {
    const start = performance.now()
    await work()
    best = Math.min(best, performance.now() - start)
  }
  return best
}

async function synthetic(): Promise<void> {
  const small = manifests(200)
  const large = manifests(400)
  const one = await fastest(3, () => analyze(cluster, {}, small))
  const two = await fastest(3, () => analyze(cluster, {}, large))
  say(`synthetic, 200 namespaces (2,000 workloads, 1,000 policies): ${one.toFixed(0)} ms`)
  say(`synthetic, twice as much: ${two.toFixed(0)} ms, ${(two / one).toFixed(2)} times`)
}

async function moj(archive: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'ambient-guard-bench-'))
  try {
    execFileSync('tar', ['xf', archive, '-C', folder])
    const tree = directoryTree(folder)
    const check = await fastest(3, () => {
      const cache = new Map<string, ParsedFile>()
      return examine({
        base: tree,
        head: tree,
        trusted: tree,
        config: DEFAULT_CONFIG,
        configProblems: [],
        enroll: [],
        today: '2026-01-01',
        cache: { get: (key) => cache.get(key), set: (key, file) => void cache.set(key, file) },
      })
    })
    const plain = await fastest(3, async () => {
      const files = (await tree.files()).filter(({ path }) => /\.ya?ml$/.test(path))
      for (const bytes of (await tree.read(files)).values()) {
        const text = new TextDecoder().decode(bytes)
        for (const { start, end } of splitDocuments(text)) {
          const document = text.slice(start, end)
          if (!/^kind: (Namespace|NetworkPolicy|Deployment|CronJob|Job|Service)\b/m.test(document)) continue
          parseYaml(document)
        }
      }
    })
    say(`moj, check of two full states: ${check.toFixed(0)} ms`)
    say(`moj, reading one state and parsing its relevant documents with js-yaml: ${plain.toFixed(0)} ms`)
    say(`moj, ratio: ${(check / plain).toFixed(2)}`)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

await synthetic()
const archive = join(process.env.AMBIENT_GUARD_CORPORA ?? '', 'moj-environments.tar.xz')
if (existsSync(archive)) await moj(archive)
else say('moj: skipped; set AMBIENT_GUARD_CORPORA to the folder that holds moj-environments.tar.xz')
say(`peak memory: ${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MB`)
