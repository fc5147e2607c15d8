// A plain directory as a tree.
import { lstatSync, readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, type Disk, readAll } from './disk.ts'
import { byPath, listedOnce, type Tree, type TreeFile } from './tree.ts'

const SKIPPED = new Set(['.git', 'node_modules'])

/**
 * The regular files and symbolic links below a directory, without `.git` and `node_modules` at any depth.
 * Rejects with the error of the file system where a directory cannot be listed: what is in it would be missing
 * without anybody knowing.
 */
export function directoryTree(directory: string): Tree {
  const disk: Disk = { root: resolve(directory), format: 'sha1' }
  return {
    label: directory,
    // In a promise, so that a folder that cannot be listed is a rejection, as it is of any other tree.
    files: listedOnce(() =>
      Promise.resolve().then(() => {
        const files: TreeFile[] = []
        walk(disk, '', files)
        return files.sort(byPath)
      }),
    ),
    read: (files, wanted) => Promise.resolve().then(() => readAll(disk, files, wanted)),
  }
}

function walk(disk: Disk, folder: string, files: TreeFile[]): void {
  const entries = readdirSync(join(disk.root, folder), { withFileTypes: true })
  for (const entry of entries) {
    if (SKIPPED.has(entry.name)) continue
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`
    if (entry.isDirectory()) walk(disk, path, files)
    else {
      const file = describe(disk, path, lstatSync(join(disk.root, path)))
      if (file !== null) files.push(file)
    }
  }
}
