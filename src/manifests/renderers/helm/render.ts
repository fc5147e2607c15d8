// Charts, as `helm template` renders them: what a controller would install, with the way back to template and values.
// Objects that ask for API versions (`.Capabilities.APIVersions`) see those of Kubernetes and those of the unit.
import { createHash } from 'node:crypto'
import type { Manifest } from '../../../core/kubernetes/manifest.ts'
import { JUDGED_KINDS } from '../../../core/kubernetes/state.ts'
import { compareText } from '../../../core/source/problem.ts'
import type { Problem } from '../../../core/source/problem.ts'
import type { SourceFile } from '../../../core/source/text.ts'
import { listedItems } from '../../parse.ts'
import { missingTool } from '../../tools/missing-tool.ts'
import type { Tool } from '../../tools/toolbox.ts'
import type { HelmUnit, Kitchen, Renderer, Rendering } from '../../unit.ts'
import { KUBERNETES_KINDS } from './apis.ts'
import { asksCluster } from './asks-cluster.ts'
import { mapping, readChart, readYaml } from './chart.ts'
import type { YamlFile } from './chart.ts'
import { failure } from './failure.ts'
import { keepable, readPrinted } from './output.ts'
import { MARK, gather } from './parts.ts'
import type { Parts } from './parts.ts'
import { placesOf } from './places.ts'
import { WHY, capital, hidden } from './problem.ts'

/** Raised whenever the same inputs would give another text to keep. */
const VERSION = 1

export const renderHelm: Renderer<HelmUnit> = async (unit, kitchen) => {
  const inputs = new Set([unit.at.path, ...unit.valueFiles])
  for (const { written } of unit.values) if (written !== null) inputs.add(written.file.path)
  const ended = (problems: readonly Problem[]): Rendering => ({
    manifests: [],
    units: [],
    problems,
    inputs: sorted(inputs),
  })

  const wrong = unit.valueFiles.flatMap((path) => wrongValueFile(path, unit, kitchen))
  if (wrong.length > 0) return ended(wrong)
  const parts = await gather(unit, kitchen)
  if ('code' in parts) return ended([parts])
  for (const path of parts.inputs) inputs.add(path)
  if (readChart(parts.root.files).isLibrary) return ended([library(unit, parts)])
  const tool = await kitchen.tools.helm()
  if (tool === null) return ended([...parts.problems, noHelm(unit)])

  const args = (scratch: string): readonly string[] => argsOf(unit, (path) => `${scratch}/${path}`)
  const files = new Map([...parts.scratch, ...(await valueTexts(unit, kitchen))])
  const key = keyOf([VERSION, tool.name, tool.version, args('')], files)
  const asker = await kitchen.tree.text(unit.at.path)
  const whole = keyOf([key, describe(unit, parts, asker)], new Map())
  const known = kitchen.memory.get(whole)
  if (known !== undefined) return known

  const valueFiles = await readValueFiles(unit, kitchen)
  const printed = await print(tool, args, files, key, kitchen)
  if ('failed' in printed) {
    // A chart that lacks a part fails for reasons that nobody wrote: what is missing is all there is to say.
    const why = parts.missing.length > 0 ? parts.missing : [failure(unit, parts, valueFiles, printed.failed)]
    return ended([...parts.problems, ...why])
  }
  const { manifests, problems } = objectsOf(printed.text, unit, parts, valueFiles, asker)
  const rendering: Rendering = {
    manifests,
    units: [],
    problems: [...parts.problems, ...problems, ...asksCluster(unit, parts)],
    inputs: sorted(inputs),
  }
  kitchen.memory.set(whole, rendering)
  return rendering
}

/** Values go through files, where no shell and no list syntax of helm's flags has a say in them. */
function argsOf(unit: HelmUnit, below: (path: string) => string): readonly string[] {
  const count = unit.valueFiles.length + unit.values.length
  return [
    'template',
    `--namespace=${unit.namespace}`,
    ...Array.from({ length: count }, (_, index) => `--values=${below(valuesPath(index))}`),
    ...unit.sets.map(({ text, asString }) => `--set${asString ? '-string' : ''}=${text}`),
    unit.skipCrds ? '--skip-crds' : '--include-crds',
    '--skip-tests',
    ...[...KUBERNETES_KINDS, ...unit.apiVersions].map((version) => `--api-versions=${version}`),
    ...(unit.kubeVersion === null ? [] : [`--kube-version=${unit.kubeVersion}`]),
    '--',
    unit.release,
    below('chart'),
  ]
}

function valuesPath(index: number): string {
  return `values/${String(index)}.yaml`
}

async function valueTexts(
  unit: HelmUnit,
  kitchen: Kitchen,
): Promise<readonly (readonly [string, Uint8Array | string])[]> {
  const read = await kitchen.tree.read(unit.valueFiles)
  const texts = [
    ...unit.valueFiles.map((path) => read.get(path) ?? ''),
    ...unit.values.map(({ value }) => JSON.stringify(value)),
  ]
  return texts.map((text, index) => [valuesPath(index), text] as const)
}

/** Those that read as YAML; of the others helm says what is wrong. */
async function readValueFiles(unit: HelmUnit, { tree }: Kitchen): Promise<readonly YamlFile[]> {
  const texts = await Promise.all(unit.valueFiles.map((path) => tree.text(path)))
  return texts.flatMap((file) => (file === null ? [] : (readYaml(file) ?? [])))
}

async function print(
  tool: Tool,
  args: (scratch: string) => readonly string[],
  files: ReadonlyMap<string, Uint8Array | string>,
  key: string,
  { cache, tools }: Kitchen,
): Promise<{ readonly text: string } | { readonly failed: string }> {
  if (args('').some((text) => text.includes('\0')))
    return { failed: 'Error: a name or a value holds a zero byte' }
  const kept = await cache.get(key)
  if (kept !== null) return { text: kept }
  const result = await tools.run({ tool, args, files })
  if (!result.ok) return { failed: result.message }
  const text = keepable(result.stdout)
  await cache.set(key, text)
  return { text }
}

function objectsOf(
  text: string,
  unit: HelmUnit,
  parts: Parts,
  valueFiles: readonly YamlFile[],
  asker: SourceFile | null,
): Pick<Rendering, 'manifests' | 'problems'> {
  const places = placesOf(unit, parts, valueFiles, asker)
  const manifests: Manifest[] = []
  const problems: Problem[] = []
  const missing = new Set<Problem>()
  const collect = (value: unknown, source: string | null): void => {
    const object = mapping(value)
    for (const item of listedItems(object) ?? []) collect(item, source)
    if (listedItems(object) !== null) return
    const { apiVersion, kind } = object
    if (typeof kind !== 'string') return
    if (typeof apiVersion !== 'string' || apiVersion === '') {
      const { file, document } = places.originOf(object, source)
      if (JUDGED_KINDS.includes(kind)) problems.push(noVersion(unit, kind, file.path, document.line))
      return
    }
    if (kind === MARK.kind && apiVersion === MARK.apiVersion) {
      const number = /^missing-(\d+)$/.exec(String(mapping(object.metadata).name))?.[1]
      const problem = number === undefined ? undefined : parts.missing[Number(number)]
      if (problem !== undefined) missing.add(problem)
    } else manifests.push({ apiVersion, kind, object, origin: places.originOf(object, source) })
  }
  for (const { source, value, error } of readPrinted(text)) {
    if (error === null) collect(value, source)
    else problems.push(unreadable(unit, parts, source, error, places.originOf({}, source).file.path))
  }
  return { manifests, problems: [...missing, ...problems] }
}

function wrongValueFile(path: string, unit: HelmUnit, { tree }: Kitchen): readonly Problem[] {
  const kind = tree.kindOf(path)
  if (kind === 'file') return []
  const isUrl = path.includes('://')
  const why = kind === 'folder' || (kind === 'missing' && isUrl) ? 'which is no file of this tree' : WHY[kind]
  return [
    {
      ...unit.at,
      code: 'no-value-file',
      class: (kind === 'missing' && !isUrl) || kind === 'folder' ? 'unreadable' : 'unseen',
      message: `${capital(unit.title)} takes values from ${path}, ${why}: what it installs is not seen.`,
      remedy: 'Correct the path, or add the file to the tree.',
      hides: hidden(unit),
    },
  ]
}

function library(unit: HelmUnit, { root }: Parts): Problem {
  return {
    ...unit.at,
    code: 'chart-failed',
    class: 'unreadable',
    message: `${capital(unit.title)} installs the ${root.title}, which is a library: helm installs nothing from it.`,
    remedy: 'Install a chart that uses it, or remove `type: library` from its Chart.yaml.',
    hides: hidden(unit),
  }
}

function noHelm(unit: HelmUnit): Problem {
  const { message, remedy } = missingTool('helm')
  return {
    ...unit.at,
    code: 'no-helm',
    class: 'unseen',
    message: `${capital(unit.title)} is not rendered. ${message}`,
    remedy,
    hides: hidden(unit),
  }
}

function unreadable(unit: HelmUnit, parts: Parts, source: string | null, why: string, path: string): Problem {
  return {
    path,
    line: 1,
    code: 'unreadable-yaml',
    class: 'unreadable',
    message: `What ${source ?? `the ${parts.root.title}`} prints for release ${unit.release} is not readable YAML: ${why}.`,
    remedy: 'Correct the template; the other objects were judged without it.',
    hides: hidden(unit),
  }
}

function noVersion(unit: HelmUnit, kind: string, path: string, line: number): Problem {
  return {
    path,
    line,
    code: 'no-api-version',
    class: 'unreadable',
    message: `A document of the kind ${kind} has no apiVersion in what release ${unit.release} renders to.`,
    remedy: 'Add it to the template.',
    hides: hidden(unit),
  }
}

/** Everything that decides about a whole rendering beside what helm is given: places are part of it. */
function describe(unit: HelmUnit, parts: Parts, asker: SourceFile | null): unknown {
  const { host, values, ...rest } = unit
  return [
    rest,
    asker,
    values.map(({ written }) => written),
    host === null ? null : [host.kind, host.folder, host.file, [...host.names].sort(compareText)],
    parts.inputs,
    parts.problems,
    parts.missing,
  ]
}

/** A hash of values and files; lengths keep apart what joins. */
function keyOf(values: readonly unknown[], files: ReadonlyMap<string, Uint8Array | string>): string {
  const hash = createHash('sha256').update(JSON.stringify(values))
  for (const [path, content] of [...files].sort(([a], [b]) => compareText(a, b))) {
    hash.update(`\n${JSON.stringify([path, Buffer.byteLength(content)])}\n`).update(content)
  }
  return hash.digest('hex')
}

function sorted(paths: ReadonlySet<string>): readonly string[] {
  return [...paths].sort(compareText)
}
