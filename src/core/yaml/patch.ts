// Turns symbolic patches into the fewest text edits. The rule above all others: an edit that does not
// read back as exactly the patched value is not made.

import { composeEdits } from '../source/compose-edits.ts'
import { applyEdits } from '../source/text.ts'
import type { TextEdit } from '../source/text.ts'
import { splitDocuments } from './documents.ts'
import { isJsonText, layoutOf } from './layout.ts'
import { appendEntry, appendItem, fillEntry } from './patch-block.ts'
import { appendFlowEntry, appendFlowItem, replaceFlowNull } from './patch-flow.ts'
import { findTarget } from './patch-target.ts'
import type { Target } from './patch-target.ts'
import { placeDocument } from './place-document.ts'
import type { PlacedDocument } from './places.ts'
import { readDocument } from './read.ts'
import { blockLines, entryLines, flowText } from './render.ts'
import type { DocumentRange, PatchResult, YamlPatch } from './types.ts'
import { deepEqual, isJson, patchedBy } from './value.ts'

/** Go templates, Jinja and ERB: the text is not the manifest that it will be. */
const TEMPLATE = /\{\{|\{%|<%/

/**
 * Edits of the file that apply the patches to the document in `range`, one after the other: a later
 * route may lead into what an earlier patch added. Comments, quotes, anchors, line endings and every
 * character outside the edits stay. Refused, with one sentence: a document with template markers or
 * that cannot be read; a route that leads nowhere, to something that is no list (or no plain scalar that can be set), or through an alias,
 * a node that is aliased elsewhere, or a merge key; values that JSON has no words for.
 */
export function patchDocument(
  text: string,
  range: DocumentRange,
  patches: readonly YamlPatch[],
): PatchResult {
  const original = text.slice(range.start, range.end)
  if (TEMPLATE.test(original)) return refuse('the document contains template markers')
  const read = readDocument(text, range)
  if (!read.ok) return refuse(`the document cannot be read: ${read.message}`)
  const eol = /\r?\n/.exec(original.includes('\n') ? original : text)?.[0] ?? '\n'

  let edits: readonly TextEdit[] = []
  let current = original
  let value = read.value
  for (const patch of patches) {
    if (!isJson(patch.value)) return refuse('the new value cannot be written as YAML')
    const document = placeDocument(current)
    if (document === null) return refuse('the document cannot be read with positions')
    const found = findTarget(document, patch)
    if (!found.ok) return refuse(found.reason)
    value = patchedBy(value, patch)
    const step = editsOf(document, found.target, patch, eol)
    edits = composeEdits(original.length, edits, step)
    current = applyEdits(original, edits)
  }

  const inFile = edits.map((edit) => ({
    start: edit.start + range.start,
    end: edit.end + range.start,
    text: edit.text,
  }))
  if (!provesTrue(text, range, inFile, value) || (isJsonText(original) && !isJsonText(current))) {
    return refuse('the document is written in a way that cannot be edited safely')
  }
  return { ok: true, edits: inFile }
}

function editsOf(
  document: PlacedDocument,
  target: Target,
  { op, value }: YamlPatch,
  eol: string,
): TextEdit[] {
  const { text } = document
  /** What stands under a key that is new. */
  const whole = op === 'append' ? [value] : value
  switch (target.kind) {
    case 'sequence': {
      const { sequence, parent, entry } = target
      const layout = layoutOf(document, [target.near])
      if (sequence.items.length > 0 && !sequence.flow)
        return appendItem(text, sequence, parent, value, layout, eol)
      if (sequence.items.length === 0 && parent !== null && entry !== null && isBare(text, parent, entry)) {
        return fillEntry(text, parent, entry, blockLines([value], [], layout), layout.dashOffset, eol)
      }
      return appendFlowItem(text, sequence, value, layout, eol)
    }
    case 'null': {
      const { parent, entry } = target
      const layout = layoutOf(document, [parent])
      if (parent.flow) return replaceFlowNull(text, entry, whole, layout, eol)
      const offset = op === 'append' ? layout.dashOffset : layout.indent
      return fillEntry(text, parent, entry, blockLines(whole, [], layout), offset, eol)
    }
    case 'absent': {
      const { key, parent, holder } = target
      const layout = layoutOf(document, [parent])
      if (!parent.flow) return appendEntry(text, parent, key, whole, layout, eol)
      if (parent.entries.length === 0 && holder !== null && isBare(text, holder.mapping, holder.entry)) {
        const lines = entryLines(key, whole, [], layout)
        return fillEntry(text, holder.mapping, holder.entry, lines, layout.indent, eol)
      }
      return appendFlowEntry(text, parent, key, whole, layout, eol)
    }
    case 'scalar': {
      const { scalar, parent } = target
      const written = flowText(value, [], layoutOf(document, [parent]), null)
      return [{ start: scalar.start, end: scalar.end, text: written }]
    }
  }
}

/** Whether an entry of a block mapping has an empty collection on its own line, with nothing inside. */
function isBare(
  text: string,
  mapping: { readonly flow: boolean },
  entry: {
    readonly colon: number
    readonly value: { readonly start: number; readonly end: number; readonly tag: string | null }
  },
): boolean {
  const { value, colon } = entry
  if (mapping.flow || colon === -1 || value.tag !== null) return false
  return (
    !text.slice(colon, value.start).includes('\n') && text.slice(value.start + 1, value.end - 1).trim() === ''
  )
}

/** Reads the edited file again: the same documents, and in this one exactly the patched value. */
function provesTrue(text: string, range: DocumentRange, edits: readonly TextEdit[], value: unknown): boolean {
  const after = applyEdits(text, edits)
  const before = splitDocuments(text)
  const documents = splitDocuments(after)
  if (documents.length !== before.length) return false
  const at = before.findIndex((document) => document.start === range.start && document.end === range.end)
  const now = at === -1 ? undefined : documents[at]
  if (now === undefined || now.start !== range.start || now.end - range.end !== after.length - text.length)
    return false
  const read = readDocument(after, now)
  return read.ok && deepEqual(read.value, value)
}

function refuse(reason: string): PatchResult {
  return { ok: false, reason }
}
