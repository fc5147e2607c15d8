// A plain directory as a tree.
import { lstatSync, readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { isUnreadable, pathText } from '../path-text.ts'
import { describe, type Disk, readAll, unnamed } from './disk.ts'
import { MOST_FILES, tooManyFiles } from './most-files.ts'
import { byPath, type TreeFile } from './file-list.ts'
import { listedOnce, type Tree } from './tree.ts'

const SKIPPED = new Set(['.git', 'node_modules'])

/**
 * The regular files and symbolic links below a directory, without `.git` and `node_modules` at any depth.
 * Rejects with the error of the file system where a directory cannot be listed: what is in it would be missing
 * without anybody knowing, and with GitError `too-many-files` where there are more than `most`.
 */
export function directoryTree(directory: string, most = MOST_FILES): Tree {
  const disk: Disk = { root: resolve(directory), format: 'sha1' }
  return {
    label: directory,
    // In a promise, so that a folder that cannot be listed is a rejection, as it is of any other tree.
    files: listedOnce(() =>
      Promise.resolve().then(() => {
        const files: TreeFile[] = []
        walk(disk, '', files, most)
        return files.sort(byPath)
      }),
    ),
    read: (files, wanted) => Promise.resolve().then(() => readAll(disk, files, wanted)),
  }
}

function walk(disk: Disk, folder: string, files: TreeFile[], most: number): void {
  const entries = readdirSync(join(disk.root, folder), { withFileTypes: true, encoding: 'buffer' })
  for (const entry of entries) {
    const name = pathText(entry.name)
    if (SKIPPED.has(name)) continue
    const path = folder === '' ? name : `${folder}/${name}`
    if (isUnreadable(name)) files.push(unnamed(path, entry.isDirectory() ? '040000' : '100644'))
    else if (entry.isDirectory()) walk(disk, path, files, most)
    else {
      const file = describe(disk, path, lstatSync(join(disk.root, path)))
      if (file !== null) files.push(file)
    }
    if (files.length > most) throw tooManyFiles(most)
  }
}
