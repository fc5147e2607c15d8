// Makes the value of a document from what a parser meets, in the order in which it meets it. Both
// parsers drive this one builder, so keys, duplicates, merges, aliases and caps have one meaning.

import { isMergeKey, resolveKey, resolveScalar } from './dialect.ts'
import type { ScalarText } from './dialect.ts'
import { MAX_ALIASED_NODES, MAX_DEPTH, TOO_ALIASED, TOO_DEEP } from './limits.ts'

/** Thrown by the builder, and caught where a document is read: why it has no value, and where. */
export class Unreadable extends Error {
  readonly offset: number

  constructor(offset: number, message: string) {
    super(message)
    this.offset = offset
  }
}

/** A mapping of a document. It has no prototype, so a label named `constructor` is only a label. */
type Mapping = Record<string, unknown>

/** What an alias of a node costs and stands for; `open` until the node is complete. */
interface Anchor {
  value: unknown
  /** The scalar itself, where it is one, because as a key it reads differently. */
  readonly scalar: ScalarText | null
  nodes: number
  height: number
  open: boolean
}

interface Frame {
  readonly value: Mapping | unknown[]
  readonly anchor: Anchor | null
  key: string | null
  keyOffset: number
  merging: boolean
  /** Keys that came by a merge, which an own key may still replace; null until there is a merge. */
  merged: Set<string> | null
  nodes: number
  height: number
}

export interface Builder {
  scalar(scalar: ScalarText, offset: number, anchor: string | null): void
  open(kind: 'mapping' | 'sequence', offset: number, anchor: string | null): void
  close(): void
  alias(name: string, offset: number): void
  /** The value of the document; null if it is empty. */
  value(): unknown
}

/**
 * A builder for one document. Offsets are only carried into errors; every call may throw `Unreadable`.
 *
 * Duplicate keys are an error: kubectl silently keeps the last, kustomize and every strict decoder
 * refuse, and we must not guess which half of a policy is in force. Merges are applied as goyaml.v2
 * does (decode.go, merge): in the order of the document, so that `<<` after a key replaces its value,
 * and of several sources the first wins.
 */
export function documentBuilder(): Builder {
  const frames: Frame[] = []
  const anchors = new Map<string, Anchor>()
  let root: unknown = null
  let aliased = 0

  const awaitsKey = (frame: Frame | undefined): frame is Frame =>
    frame !== undefined && !Array.isArray(frame.value) && frame.key === null && !frame.merging

  function takeKey(frame: Frame, scalar: ScalarText | null, offset: number): void {
    if (scalar === null) throw new Unreadable(offset, 'a mapping or a sequence cannot be a mapping key')
    const key = resolveKey(scalar)
    if (!key.ok) throw new Unreadable(offset, key.message)
    frame.key = key.value
    frame.keyOffset = offset
    frame.nodes += 1
  }

  function take(value: unknown, nodes: number, height: number, byAlias: boolean): void {
    const frame = frames.at(-1)
    if (frame === undefined) {
      root = value
      return
    }
    frame.nodes += nodes
    if (height >= frame.height) frame.height = height + 1
    if (Array.isArray(frame.value)) {
      frame.value.push(value)
    } else if (frame.merging) {
      frame.merging = false
      merge(frame, frame.value, value, byAlias)
    } else {
      put(frame, frame.value, value)
    }
  }

  function put(frame: Frame, mapping: Mapping, value: unknown): void {
    const key = frame.key ?? ''
    frame.key = null
    if (key in mapping && frame.merged?.delete(key) !== true) {
      throw new Unreadable(frame.keyOffset, `the key ${JSON.stringify(key)} appears twice in one mapping`)
    }
    mapping[key] = value
  }

  function merge(frame: Frame, mapping: Mapping, value: unknown, byAlias: boolean): void {
    const sources = Array.isArray(value) && !byAlias ? [...(value as unknown[])].reverse() : [value]
    frame.merged ??= new Set()
    for (const source of sources) {
      if (!isMapping(source)) throw new Unreadable(frame.keyOffset, 'only mappings can be merged with <<')
      for (const key of Object.keys(source)) {
        if (!(key in mapping)) frame.merged.add(key)
        mapping[key] = source[key]
      }
    }
  }

  return {
    scalar(scalar, offset, anchor) {
      const frame = frames.at(-1)
      // A long string costs more than a short one when aliases repeat it.
      const nodes = 1 + (scalar.text.length >> 6)
      if (awaitsKey(frame)) {
        if (anchor !== null) anchors.set(anchor, { value: null, scalar, nodes, height: 0, open: false })
        if (isMergeKey(scalar)) {
          frame.merging = true
          frame.keyOffset = offset
        } else takeKey(frame, scalar, offset)
        return
      }
      const resolved = resolveScalar(scalar)
      if (!resolved.ok) throw new Unreadable(offset, resolved.message)
      if (anchor !== null)
        anchors.set(anchor, { value: resolved.value, scalar, nodes, height: 0, open: false })
      take(resolved.value, nodes, 0, false)
    },

    open(kind, offset, name) {
      const parent = frames.at(-1)
      if (awaitsKey(parent)) takeKey(parent, null, offset)
      if (frames.length >= MAX_DEPTH) throw new Unreadable(offset, TOO_DEEP)
      const value = kind === 'sequence' ? [] : (Object.create(null) as Mapping)
      const anchor = name === null ? null : { value, scalar: null, nodes: 0, height: 0, open: true }
      if (name !== null && anchor !== null) anchors.set(name, anchor)
      frames.push({
        value,
        anchor,
        key: null,
        keyOffset: offset,
        merging: false,
        merged: null,
        nodes: 1,
        height: 1,
      })
    },

    close() {
      const frame = frames.pop()
      if (frame === undefined) return
      if (frame.anchor !== null) {
        frame.anchor.nodes = frame.nodes
        frame.anchor.height = frame.height
        frame.anchor.open = false
      }
      take(frame.value, frame.nodes, frame.height, false)
    },

    alias(name, offset) {
      const anchor = anchors.get(name)
      if (anchor === undefined) throw new Unreadable(offset, `the alias *${name} has no anchor before it`)
      if (anchor.open) throw new Unreadable(offset, `the anchor &${name} contains itself`)
      const frame = frames.at(-1)
      if (awaitsKey(frame)) {
        takeKey(frame, anchor.scalar, offset)
        return
      }
      aliased += anchor.nodes
      if (aliased > MAX_ALIASED_NODES) throw new Unreadable(offset, TOO_ALIASED)
      if (frames.length + anchor.height > MAX_DEPTH) throw new Unreadable(offset, TOO_DEEP)
      if (anchor.scalar === null) {
        take(anchor.value, anchor.nodes, anchor.height, true)
        return
      }
      // The anchor may stand on a key, whose value as a value is not known yet.
      const resolved = resolveScalar(anchor.scalar)
      if (!resolved.ok) throw new Unreadable(offset, resolved.message)
      take(resolved.value, anchor.nodes, 0, true)
    },

    value: () => root,
  }
}

function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
