// A folder of the tree as the files of a chart. Helm would follow symbolic links and take files of any size; here the
// ones are told and left out, and so are the others.
import { posix } from 'node:path'
import type { Problem } from '../../../core/source/problem.ts'
import { joinPath } from '../../source-tree.ts'
import type { SourceTree } from '../../source-tree.ts'
import type { HelmUnit } from '../../unit.ts'
import { chartFiles, within } from './chart.ts'
import type { ChartFiles } from './chart.ts'
import { hidden } from './problem.ts'

/** Bytes. Helm refuses files of packed charts above 5 MiB (pkg/chart/loader/archive.go, MaxDecompressedFileSize). */
const MAX_FILE_SIZE = 10 * 1024 * 1024
/** Bytes and number of what one rendering may read: a chart is configuration, and the whole of it is kept in memory. */
const MAX_TOTAL_SIZE = 64 * 1024 * 1024
const MAX_FILES = 10_000

export interface Folder {
  readonly files: ChartFiles
  /** Of files that are not among them. */
  readonly problems: readonly Problem[]
  /** Paths of the tree that decided the answer. */
  readonly inputs: readonly string[]
}

/** Reads the chart in a folder of the tree; a problem where nothing of it can be used. */
export async function readFolder(
  tree: SourceTree,
  folder: string,
  unit: HelmUnit,
): Promise<Folder | Problem> {
  const all = chartFiles(tree, folder)
  const fitting = all.filter(({ size }) => size <= MAX_FILE_SIZE)
  const total = fitting.reduce((sum, { size }) => sum + size, 0)
  const hides = (path: string): Problem['hides'] => ({ namespaces: [unit.namespace], under: [path] })
  if (total > MAX_TOTAL_SIZE || fitting.length > MAX_FILES) {
    return {
      path: joinPath(folder, 'Chart.yaml'),
      line: 1,
      code: 'chart-too-large',
      class: 'unseen',
      message: `The chart in ${folder} is not rendered: its ${String(all.length)} files are more than 64 MiB, or more than 10,000.`,
      remedy: 'Keep in its folder only what the chart is made of.',
      hides: hidden(unit, folder),
    }
  }
  const large = all.filter(({ size }) => size > MAX_FILE_SIZE)
  const links = linksBelow(tree, folder)
  const bytes = await tree.read(fitting.map(({ path }) => path))
  return {
    files: within(folder, bytes),
    problems: [
      ...large.map(({ path }): Problem => ({
        path,
        line: 1,
        code: 'file-too-large',
        class: 'unseen',
        message: `${path} is larger than 10 MiB: the chart in ${folder} is rendered without it.`,
        remedy: 'Move it out of the chart.',
        hides: hides(path),
      })),
      ...links.map(({ path, what }): Problem => ({
        path,
        line: 1,
        code: 'not-followed',
        class: 'unseen',
        message: `${path} is a ${what}, which is not followed: the chart in ${folder} is rendered without it.`,
        remedy: `Put what it leads to in its place${posix.basename(posix.dirname(path)) === 'charts' ? ', or name it as a file:// dependency' : ''}.`,
        hides: hides(path),
      })),
    ],
    inputs: [...all.map(({ path }) => path), ...links.map(({ path }) => path)],
  }
}

/** Pages for people that no template reads. */
const PAGES = /(^|\/)(README|LICEN[CS]E|NOTICE|CHANGELOG|OWNERS)[^/]*$|\.md$/i

interface Link {
  readonly path: string
  readonly what: string
}

function linksBelow(tree: SourceTree, folder: string): readonly Link[] {
  return tree.names(folder).flatMap((name): readonly Link[] => {
    const path = joinPath(folder, name)
    switch (tree.kindOf(path)) {
      case 'folder':
        return linksBelow(tree, path)
      case 'link':
        return PAGES.test(path) ? [] : [{ path, what: 'symbolic link' }]
      case 'submodule':
        return [{ path, what: 'submodule' }]
      case 'file':
      case 'missing':
      case 'outside':
        return []
    }
  })
}
