// A tree in memory and a kitchen over it: what the tests of renderers say in a line each.
import { createHash } from 'node:crypto'
import type { TreeFile } from '../../src/git/tree.ts'
import { sourceTree } from '../../src/manifests/source-tree.ts'
import type { SourceTree } from '../../src/manifests/source-tree.ts'
import { createToolbox } from '../../src/manifests/tools/create-toolbox.ts'
import type { Toolbox } from '../../src/manifests/tools/toolbox.ts'
import type { Kitchen, Remote, Rendering } from '../../src/manifests/unit.ts'

/** What stands at a path: a text, bytes, a symbolic link or a submodule. */
export type Content = string | Uint8Array | { readonly link: string } | { readonly submodule: string }

export type Files = Readonly<Record<string, Content>>

export const toolbox: Toolbox = createToolbox({ directory: process.env['AMBIENT_GUARD_TOOLS'] })

/** A tool, or null with one line that says what is skipped. */
export async function tool(name: 'kustomize' | 'helm'): Promise<unknown> {
  const found = await toolbox[name]()
  if (found === null) process.stdout.write(`skipped: what needs ${name}, which is not here\n`)
  return found
}

/** Ids are those of git: the same content has the same id wherever it stands. */
export function treeOf(files: Files): SourceTree {
  const bytes = new Map<string, Uint8Array>()
  const listed: TreeFile[] = []
  for (const [path, content] of Object.entries(files)) {
    const isPlain = typeof content === 'string' || content instanceof Uint8Array
    const mode = isPlain ? '100644' : 'link' in content ? '120000' : '160000'
    const text = isPlain ? content : 'link' in content ? content.link : ''
    const body = Buffer.from(text)
    if (mode !== '160000') bytes.set(path, body)
    const id = createHash('sha1')
      .update(`blob ${String(body.length)}\0`)
      .update(body)
      .digest('hex')
    listed.push({ path, mode, id, size: body.length })
  }
  listed.sort((a, b) => (a.path < b.path ? -1 : 1))
  return sourceTree(
    {
      label: 'memory',
      files: () => Promise.resolve(listed),
      read: (wanted) =>
        Promise.resolve(
          new Map(
            wanted.flatMap(({ path }) => {
              const found = bytes.get(path)
              return found === undefined ? [] : [[path, found] as const]
            }),
          ),
        ),
    },
    listed,
  )
}

/** Nothing is allowed. */
export const nothingRemote: Remote = {
  chart: ({ url }) =>
    Promise.resolve({ ok: false, reason: `${url} is not allowed`, remedy: 'Vendor the chart.' }),
  resource: () => Promise.resolve({ ok: false, reason: 'its host is not allowed', remedy: 'Vendor it.' }),
}

/** `texts` is what the cache holds, by key. */
export function kitchenOf(
  files: Files,
  some: Partial<Kitchen> & { readonly texts?: Map<string, string> } = {},
): Kitchen {
  const { texts = new Map<string, string>(), ...others } = some
  const renderings = new Map<string, Rendering>()
  return {
    tree: treeOf(files),
    tools: toolbox,
    cache: {
      get: (key) => Promise.resolve(texts.get(key) ?? null),
      set: (key, text) => Promise.resolve(void texts.set(key, text)),
    },
    memory: {
      get: (key) => renderings.get(key),
      set: (key, rendering) => void renderings.set(key, rendering),
    },
    parsed: () => Promise.resolve([]),
    find: () => null,
    all: () => [],
    settled: true,
    isThisTree: () => false,
    remote: nothingRemote,
    ...others,
  }
}
