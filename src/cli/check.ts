// `check` and `fix`: examine two trees, and print what came of it.
import { lstat, mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import pc from 'picocolors'
import type { Problem } from '../core/source/problem.ts'
import { examine } from '../examine/examine.ts'
import type { Enroll, FileChange, Report } from '../examine/report.ts'
import { configurationSentences } from '../words/configuration.ts'
import { jsonText } from '../words/json-text.ts'
import { reportJson } from '../words/json.ts'
import { noFixText } from '../words/fix.ts'
import { reportMarkdown } from '../words/markdown.ts'
import { reportSarif } from '../words/sarif.ts'
import { diffText, printable, reportText } from '../words/text.ts'
import { findConfiguration } from './configuration.ts'
import type { ConfigOptions } from './configuration.ts'
import { useColor } from './output.ts'
import type { Output } from './output.ts'
import { ownPackage } from './own-package.ts'
import { findSources } from './sources.ts'
import type { Sources } from './sources.ts'
import { UsageError } from './usage-error.ts'
import { localWorkshop } from './workshop.ts'

export interface CheckOptions extends ConfigOptions {
  readonly base?: string
  readonly head?: string
  readonly enroll?: string
  readonly format: 'text' | 'json' | 'markdown' | 'sarif'
  readonly color: 'auto' | 'never'
}

/** What `fix` has no use for. */
export interface ReportOptions extends CheckOptions {
  readonly explain?: boolean
  /** The words of this command line, without the program's own name. */
  readonly argv: readonly string[]
}

export interface FixOptions extends CheckOptions {
  readonly write?: boolean
}

/** Prints the report. Exit code: 1 where it concludes failure, else 0. */
export async function check(
  path: string | undefined,
  options: ReportOptions,
  output: Output,
): Promise<0 | 1> {
  const { argv, explain = false } = options
  if (explain && options.format === 'sarif')
    throw new UsageError('--explain goes with --format text, json or markdown: SARIF has no place for it.')
  const { report } = await run(path, options)
  const { version } = await ownPackage()
  const texts = {
    sarif: (): string => reportSarif(report, version),
    json: (): string => reportJson(report, explain),
    markdown: (): string => reportMarkdown(report, { explain, argv }),
    text: (): string =>
      reportText(report, {
        color: useColor(options.color, output),
        explain,
        argv,
        ...(output.terminal ? { width: output.width } : {}),
      }),
  }
  output.write(texts[options.format]())
  return report.conclusion === 'failure' ? 1 : 0
}

/** Prints every proved fix as one diff, or writes it. Exit code: 1 where something that gates has no fix. */
export async function fix(path: string | undefined, options: FixOptions, output: Output): Promise<0 | 1> {
  const { report, sources } = await run(path, options)
  const files = report.fix?.files ?? []
  if (options.write === true) {
    if (sources.folder === null)
      throw new UsageError('--write needs a head on disk: leave out --head, or name a folder.')
    await writeAll(sources.folder, files)
    for (const { path, created } of files) output.say(`${created ? 'created' : 'wrote'} ${printable(path)}`)
  } else if (options.format === 'json') {
    output.write(jsonText({ version: 1, files: files.map((file) => ({ path: file.path, diff: file.diff })) }))
  } else {
    // What a program takes has every byte of it; what a terminal shows has nothing that the terminal would obey.
    const paint = pc.createColors(useColor(options.color, output))
    const diffs = files.map((file) =>
      output.terminal ? `${diffText(file.diff, paint, '').join('\n')}\n` : file.diff,
    )
    output.write(diffs.join(''))
  }
  if (options.format !== 'json')
    for (const sentence of configurationSentences(report, String)) output.say(sentence)
  for (const finding of report.findings) {
    if (finding.advice !== null)
      output.say(printable(`${finding.workload.id} ${finding.rule}: ${finding.advice}`))
  }
  const mended = new Set(
    report.findings.filter((finding) => finding.fix !== null).map(({ fingerprint }) => fingerprint),
  )
  const left = report.findings.filter(
    ({ change, severity, fingerprint }) =>
      change !== 'resolved' && severity === 'error' && !mended.has(fingerprint),
  )
  if (files.length === 0) output.say(noFixText(report, options.write === true))
  return report.conclusion === 'failure' && left.length > 0 ? 1 : 0
}

/**
 * Writes the files of a fix below a folder. @throws UsageError, before anything is written, where a new file would
 * take the place of one that was not read, such as one that git ignores
 */
async function writeAll(folder: string, files: readonly FileChange[]): Promise<void> {
  for (const { path, created } of files) {
    if (!created || !(await exists(join(folder, path)))) continue
    throw new UsageError(
      `${printable(path)} is there already, and was not read: git may ignore it. Nothing was written. Move it away, then run this again.`,
    )
  }
  for (const { path, created, after } of files) {
    const target = join(folder, path)
    if (created) await mkdir(dirname(target), { recursive: true })
    await writeFile(target, after, { flag: created ? 'wx' : 'w' })
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path)
    return true
  } catch {
    return false
  }
}

async function run(
  path: string | undefined,
  options: CheckOptions,
): Promise<{ readonly report: Report; readonly sources: Sources }> {
  const asksEnroll = options.enroll !== undefined
  const enroll = options.enroll === undefined ? [] : enrollOf(options.enroll)
  const sources = await findSources({ base: options.base, head: options.head, path, asksEnroll })
  const { configuration, proposed: itsOwn } = sources
  const { config, problems, proposed } = await findConfiguration(options, configuration, itsOwn)
  const report = await examine({
    base: sources.base,
    head: sources.head,
    trusted: sources.base ?? sources.head,
    config,
    configProblems: problems,
    proposed,
    enroll,
    today: new Date().toISOString().slice(0, 10),
    only: options.cluster ?? null,
    repositories: sources.repositories,
    isPart: sources.isPart,
    workshop: localWorkshop(config),
  })
  if (options.cluster !== undefined && report.clusters.length === 0) {
    throw new UsageError(
      `--cluster ${options.cluster}: there is no such cluster. The tree has ${report.clusterNames.join(', ')}.`,
    )
  }
  if (report.isBare && report.problems.length === 0) {
    const looked = path ?? options.head ?? '.'
    throw new UsageError(
      `${looked} holds no Kubernetes manifests that bear on reachability. Name the root of the tree to read.`,
    )
  }
  if (report.strangers !== null) throw new UsageError(strangersText(report.strangers, report.problems))
  return { report, sources }
}

/** How many problems stand in one sentence about something else. */
const MOST_PROBLEMS = 5

/** That nothing lives in a namespace, what does, and what was not read: it may be there. */
function strangersText(
  { names, known }: NonNullable<Report['strangers']>,
  problems: readonly Problem[],
): string {
  const which = names.length === 1 ? 'that namespace' : 'those namespaces'
  // What only keeps us from judging the namespaces that are known says nothing of this one.
  const unread = problems.filter(
    ({ hides: { namespaces } }) =>
      namespaces === 'all' || namespaces.length === 0 || namespaces.some((name) => !known.includes(name)),
  )
  const more = unread.length - MOST_PROBLEMS
  return [
    `--enroll ${names.join(', ')}: nothing in the tree belongs to ${which}.`,
    ...(known.length === 0 ? [] : [` It knows ${known.slice(0, 20).join(', ')}.`]),
    ...(unread.length === 0 ? [] : [' Not everything was read:']),
    ...unread
      .slice(0, MOST_PROBLEMS)
      .map(
        ({ path, line, message, remedy }) =>
          `\n- ${printable(`${path}:${String(line)} ${message} ${remedy}`)}`,
      ),
    ...(more > 0 ? [`\n- and ${String(more)} more`] : []),
  ].join('')
}

/** The word `all` alone is every namespace; with a comma behind it, the one that is called so. */
function enrollOf(words: string): Enroll {
  if (words.trim() === 'all') return 'all'
  const names = [...new Set(words.split(',').map((name) => name.trim()))].filter((name) => name !== '')
  if (names.length === 0)
    throw new UsageError('--enroll needs the names of namespaces, such as --enroll payments,shop, or all.')
  return names
}
