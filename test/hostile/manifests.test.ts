// Real manifests that something happened to: whatever it was, there is one report, every writer can say it, and what
// was judged before and cannot be read any more is never passed over.
import { load as readJsYaml } from 'js-yaml'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseDocument } from 'yaml'
import { DEFAULT_CONFIG, readConfig, CONFIG_PATH } from '../../src/core/config.ts'
import { JUDGED_KINDS } from '../../src/core/kubernetes/state.ts'
import { proposedConfiguration } from '../../src/examine/configuration.ts'
import { examine } from '../../src/examine/examine.ts'
import type { Report } from '../../src/examine/report.ts'
import { checkTitle } from '../../src/words/github/summary.ts'
import { fixCommit } from '../../src/words/github/commit.ts'
import { reportJson } from '../../src/words/json.ts'
import { reportSarif } from '../../src/words/sarif.ts'
import { reportText } from '../../src/words/text.ts'
import { testWorkshop } from '../workshop.ts'
import { memoryTree } from './memory-tree.ts'
import { mutated } from './mutations.ts'
import { saidOn } from './said.ts'
import { caseSpecimens, corpusSpecimens } from './specimens.ts'
import type { Specimen } from './specimens.ts'
import { strangersIn } from './strangers.ts'

/** AMBIENT_GUARD_LONG asks for as many thirtieths, with a seed of its own that a failure prints. */
const LONG = Number(process.env.AMBIENT_GUARD_LONG ?? 0)
const RUNS = Math.max(30, LONG / 30)
const SEED = LONG > 0 ? Number(process.env.FUZZ_SEED ?? Date.now() % 1_000_000) : 1

/** Milliseconds of processor time; usual are 50, and those of the slowest are 1,500. */
const FAR_TOO_LONG = 30_000

const SPECIMENS = { cases: caseSpecimens(), corpora: corpusSpecimens() }

function configurationOf({ files }: Specimen): ReturnType<typeof readConfig> {
  const configured = files.get(CONFIG_PATH)
  return configured === undefined
    ? { config: DEFAULT_CONFIG, problems: [] }
    : readConfig(CONFIG_PATH, configured.toString())
}

async function reportOn(specimen: Specimen, after: ReadonlyMap<string, Buffer>): Promise<Report> {
  const [base, head] = [memoryTree(specimen.files), memoryTree(after)]
  const { config, problems } = configurationOf(specimen)
  return examine({
    base,
    head,
    trusted: base,
    config,
    configProblems: problems,
    proposed: await proposedConfiguration(base, head),
    enroll: [],
    today: '2026-11-23',
    only: null,
    repositories: [],
    workshop: testWorkshop(),
  })
}

const SPOILING = /(?![\n\t])[\p{Cc}\u202a-\u202e\u2066-\u2069]/u

/** Everything that a report comes to, by the writer; `terminal` is what one shows. */
function written(report: Report): Readonly<Record<string, string>> {
  const { findings, fix } = report
  const { subject, body } = fixCommit(findings, fix?.text ?? '', { login: 'octocat', id: 1 })
  return {
    terminal: reportText(report, { color: false, explain: true, argv: ['check'] }),
    narrow: reportText(report, { color: false, explain: true, width: 60, argv: ['check'] }),
    json: reportJson(report, true),
    sarif: reportSarif(report, '1.0.0'),
    title: checkTitle(report),
    commit: `${subject}\n\n${body}`,
    ...saidOn(report, { annotation: 'x', file: 'f', folder: 'g' }),
  }
}

const PLAIN: readonly string[] = ['terminal', 'narrow', 'json', 'sarif', 'title', 'commit']

/**
 * Objects that were judged in a file and stand in no document of its mutated text that any reader can read, where one
 * of its documents cannot be read by anybody, or it is no text: what is missing may be in that one. Where all of it is
 * readable, a document that is gone or says something else is what the change says. Templates are not YAML.
 */
function lost({ files }: Specimen, path: string, after: Buffer): readonly string[] {
  const before = files.get(path) ?? Buffer.of()
  if (before.includes('{{')) return []
  const text = after.toString('utf8')
  const isText = Buffer.from(text).equals(after)
  const readers = [...files.keys()].some((one) => TOOLS.test(one)) ? [...READERS, asTools] : READERS
  if (isText && documents(text).every((one) => read(one, readers) !== null)) return []
  // What another file describes as well is not gone with this one.
  const others = [...files].filter(([other]) => other !== path).map(([, bytes]) => bytes.toString('utf8'))
  const left = new Set(
    [...others, ...(isText ? [text] : [])].flatMap(documents).flatMap((one) => judgedIn(one, readers)),
  )
  return documents(before.toString('utf8'))
    .flatMap((one) => judgedIn(one, readers))
    .filter((name) => !left.has(name))
}

function documents(text: string): readonly string[] {
  return text.split(/^---(?=\s|$)/m).filter((one) => one.includes(':'))
}

type Reader = (text: string) => unknown

const READERS: readonly Reader[] = [
  (text) => readJsYaml(text.replaceAll('!!binary', '!!str')),
  // To Kubernetes, a text with a tag of another kind is a text all the same (go-yaml, resolve.go: resolvableTag).
  (text) => readJsYaml(text.replaceAll(/(?<=[\s[{,-])![^\s[\]{},]*/g, '')),
  (text) => {
    const document = parseDocument(text, { merge: true, logLevel: 'error' })
    const [error] = document.errors
    if (error !== undefined) throw error
    return document.toJS() as unknown
  },
]

/** Names of files with which something is rendered. */
const TOOLS = /(?:^|\/)(?:kustomization\.ya?ml|Kustomization|Chart\.yaml)$/
/** Kustomize takes the last of two keys of one name, and Helm cuts off what is blank around a document. */
const asTools: Reader = (text) => readJsYaml(text.trim(), { json: true })

/** What any of some readers of YAML makes of it; null where none makes anything. */
function read(text: string, readers: readonly Reader[]): { readonly value: unknown } | null {
  for (const reader of readers)
    try {
      return { value: reader(text) }
    } catch {
      continue
    }
  return null
}

interface Named {
  readonly apiVersion?: unknown
  readonly kind?: unknown
  readonly metadata?: { readonly name?: unknown; readonly namespace?: unknown } | null
}

/** The name of an object that is judged by its kind, none of anything else. */
function judgedIn(text: string, readers: readonly Reader[]): readonly string[] {
  const { apiVersion, kind, metadata } = (read(text, readers)?.value ?? {}) as Named
  if (typeof apiVersion !== 'string' || typeof kind !== 'string' || !JUDGED_KINDS.includes(kind)) return []
  const { name, namespace = '' } = metadata ?? {}
  return [[apiVersion, kind, String(namespace), String(name)].join(' ')]
}

function change(specimens: readonly Specimen[]): fc.Arbitrary<{
  readonly specimen: Specimen
  readonly path: string
  readonly after: Buffer
}> {
  const places = specimens
    .map((specimen) => ({
      specimen,
      paths: [...specimen.files.keys()].filter((path) => /\.(?:ya?ml|json)$/.test(path)),
    }))
    .filter(({ paths }) => paths.length > 0)
  return fc
    .tuple(
      fc
        .constantFrom(...places)
        .chain(({ specimen, paths }) => fc.constantFrom(...paths).map((path) => ({ specimen, path }))),
      mutated,
    )
    .map(([{ specimen, path }, mutate]) => ({
      specimen,
      path,
      after: mutate(specimen.files.get(path) ?? Buffer.of()),
    }))
    .map((one) => ({
      ...one,
      toString: () => `${one.specimen.name} ${one.path}\n${one.after.toString('latin1').slice(0, 3000)}`,
    }))
}

test.each(Object.entries(SPECIMENS))('%s, mutated', { timeout: 36_000_000 }, async (_, specimens) => {
  if (specimens.length === 0) return
  let broken = 0
  await fc.assert(
    fc.asyncProperty(change(specimens), async ({ specimen, path, after }) => {
      const files = new Map(specimen.files).set(path, after)
      const started = process.cpuUsage()
      const report = await reportOn(specimen, files)
      const { user, system } = process.cpuUsage(started)
      expect((user + system) / 1000).toBeLessThan(FAR_TOO_LONG)
      const all = written(report)
      for (const [writer, text] of Object.entries(all)) {
        if (PLAIN.includes(writer)) expect([writer, SPOILING.exec(text)]).toEqual([writer, null])
        else expect([writer, strangersIn(text)]).toEqual([writer, []])
      }
      for (const json of [all['json'], all['sarif']]) expect(JSON.parse(json ?? '')).toBeTypeOf('object')
      expect(written(await reportOn(specimen, files))).toEqual(all)

      const missing = lost(specimen, path, after)
      broken += missing.length === 0 ? 0 : 1
      if (missing.length === 0 || report.conclusion !== 'success') return
      // Nobody applied it, or a team told us to pass it over: then it may as well be gone.
      files.delete(path)
      expect([missing, (await reportOn(specimen, files)).relevant]).toEqual([missing, false])
    }),
    { seed: SEED, numRuns: RUNS },
  )
  // Else nothing was asked of what cannot be read.
  expect(broken).toBeGreaterThan(RUNS / 20)
})

test('a document that does not even say what it is any more may be what its file held', async () => {
  const before = Buffer.from(
    `apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: web, namespace: shop}\nspec: {podSelector: {}}\n`,
  )
  const specimen = { name: 'one policy', files: new Map([['np.yaml', before]]) }
  const become = async (text: string): Promise<Report> =>
    reportOn(specimen, new Map([['np.yaml', Buffer.from(text)]]))
  const torn = await become('icy\nmetadata: {name: web, namespace: shop\nspec: {podSelector: {}}\n')
  expect(torn.conclusion).toBe('failure')
  expect(torn.problems.map(({ path, code, change, relevant }) => [path, code, change, relevant])).toEqual([
    ['np.yaml', 'unreadable-yaml', 'introduced', true],
  ])
  expect(torn.problems[0]?.message).toContain('What this file held before may be in it: NetworkPolicy web.')
  // What is gone, or says something else that can be read, was taken away.
  for (const text of ['', 'hello: world\n']) expect((await become(text)).problems).toEqual([])
})
