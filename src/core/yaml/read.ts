// Reads documents in bulk: js-yaml's events, our builder. No positions, about four times as fast as `yaml`.

import { EVENT_ID, SCALAR_STYLE, YAMLException, getScalarValue, parseEvents } from 'js-yaml'
import type { DocumentDirective, Event, ScalarEvent } from 'js-yaml'
import { Unreadable, documentBuilder } from './builder.ts'
import type { Builder } from './builder.ts'
import { MAX_DEPTH, MAX_LENGTH, TOO_DEEP, TOO_LONG } from './limits.ts'
import { parsePlaces } from './parse-places.ts'
import type { DocumentRange, ReadResult } from './types.ts'

/**
 * js-yaml holds what is in brackets or quotes to the indentation that YAML 1.2 asks for. libyaml, and so
 * kubectl, does not, and closing a list under its key is common; such documents are read by `yaml`.
 */
const DEFICIENT = 'deficient indentation'

/**
 * The value of the document in `range`, as sigs.k8s.io/yaml gives it to JSON; JSON text is YAML. An
 * empty document is null. Mappings have no prototype; aliased nodes are the same object, not copies.
 * Never throws: what cannot be read, or costs more than `limits.ts` grants, is an error with its
 * offset in the file.
 */
export function readDocument(text: string, range: Pick<DocumentRange, 'start' | 'end'>): ReadResult {
  if (range.end - range.start > MAX_LENGTH) return { ok: false, offset: range.start, message: TOO_LONG }
  const source = text.slice(range.start, range.end)
  try {
    // The parser counts scalars as a level too; the builder's own cap speaks first, and in our words.
    return { ok: true, value: build(source, parseEvents(source, { maxDepth: MAX_DEPTH + 2 })) }
  } catch (error) {
    if (error instanceof Unreadable) {
      return { ok: false, offset: range.start + error.offset, message: error.message }
    }
    if (error instanceof YAMLException) {
      const lenient = error.reason === DEFICIENT ? (parsePlaces(source) ?? movedIn(source)) : null
      if (lenient !== null) return { ok: true, value: lenient.value }
      const at = Math.min(Math.max(error.mark?.position ?? 0, 0), source.length)
      return { ok: false, offset: range.start + at, message: explain(error.reason) }
    }
    // A parser that fails in any other way has met input that it was not made for.
    return { ok: false, offset: range.start, message: 'the document cannot be parsed' }
  }
}

/** More lines than this that stand too far out are not moved one by one. */
const MOST_MOVED = 64

/**
 * The value with each line that stands too far out moved in, until js-yaml is content: at the beginning of a line between
 * brackets, or in quotes, spaces mean nothing. For what `yaml` does not forgive, such as `}]` on one line. Null where it
 * takes more than that.
 */
function movedIn(source: string): { readonly value: unknown } | null {
  let text = source
  for (let moved = 0; moved < MOST_MOVED; moved += 1) {
    try {
      return { value: build(text, parseEvents(text, { maxDepth: MAX_DEPTH + 2 })) }
    } catch (error) {
      if (!(error instanceof YAMLException) || error.reason !== DEFICIENT) return null
      const at = error.mark?.position ?? 0
      const line = text.lastIndexOf('\n', at - 1) + 1
      if (line === 0 || text.startsWith(FURTHER, line) || /^(?:---|\.\.\.)/.test(text.slice(line, line + 3)))
        return null
      text = text.slice(0, line) + FURTHER + text.slice(line)
    }
  }
  return null
}

/** Further in than anything that is nested as deep as it may be. */
const FURTHER = ' '.repeat(4 * MAX_DEPTH)

function explain(reason: string): string {
  if (reason.includes('maxDepth')) return TOO_DEEP
  return reason === DEFICIENT ? 'a bracket or a quote is not closed, or its content is not indented' : reason
}

function build(source: string, events: readonly Event[]): unknown {
  const builder = documentBuilder()
  const handles = new Map<string, string>()
  // What a POP closes: documents are not the builder's business.
  const opened: boolean[] = []
  let documents = 0
  // Empty scalars have no place of their own; an error about one points at what stands before it.
  let at = 0
  for (const event of events) {
    switch (event.type) {
      case EVENT_ID.DOCUMENT:
        documents += 1
        if (documents > 1) throw new Unreadable(source.length, 'there is more than one document here')
        readHandles(event.directives, handles)
        opened.push(false)
        break
      case EVENT_ID.SCALAR:
        at = Math.max(event.valueStart, event.tagStart, event.anchorStart, at)
        readScalar(source, event, at, handles, builder)
        break
      case EVENT_ID.SEQUENCE:
      case EVENT_ID.MAPPING:
        opened.push(true)
        builder.open(
          event.type === EVENT_ID.SEQUENCE ? 'sequence' : 'mapping',
          event.start,
          slice(source, event.anchorStart, event.anchorEnd),
        )
        break
      case EVENT_ID.ALIAS:
        builder.alias(source.slice(event.anchorStart, event.anchorEnd), Math.max(event.anchorStart - 1, 0))
        break
      case EVENT_ID.POP:
        if (opened.pop() === true) builder.close()
        break
    }
  }
  return builder.value()
}

function readScalar(
  source: string,
  event: ScalarEvent,
  offset: number,
  handles: ReadonlyMap<string, string>,
  builder: Builder,
): void {
  const tag = slice(source, event.tagStart, event.tagEnd)
  builder.scalar(
    {
      text: getScalarValue(source, event),
      tag: tag === null ? null : fullTag(tag, handles),
      plain: event.style === SCALAR_STYLE.PLAIN,
    },
    offset,
    slice(source, event.anchorStart, event.anchorEnd),
  )
}

function slice(source: string, start: number, end: number): string | null {
  return start === -1 ? null : source.slice(start, end)
}

function readHandles(directives: readonly DocumentDirective[], handles: Map<string, string>): void {
  for (const directive of directives) {
    if (directive.kind === 'tag') handles.set(directive.handle, directive.prefix)
  }
}

/** `!!int` as `tag:yaml.org,2002:int`: YAML 1.2.2 §6.8.2. Percent escapes stay, as no tag of ours has any. */
function fullTag(tag: string, handles: ReadonlyMap<string, string>): string {
  if (tag.startsWith('!<')) return tag.slice(2, -1)
  const end = tag.indexOf('!', 1)
  const handle = end === -1 ? '!' : tag.slice(0, end + 1)
  const prefix = handles.get(handle) ?? (handle === '!!' ? 'tag:yaml.org,2002:' : handle)
  return prefix + tag.slice(handle.length)
}
