// Two rounds of edits as one, for whoever edits a text, looks at the result, and edits again.

import type { TextEdit } from './text.ts'

/** A stretch of the original that is still there, or text that was put in. */
type Piece = { readonly start: number; readonly end: number } | { readonly text: string }

/**
 * Edits of the original text that do what `first` and then `second` do. The offsets of `second` count
 * in the text after `first`; neither may overlap in itself; `length` is that of the original text.
 */
export function composeEdits(
  length: number,
  first: readonly TextEdit[],
  second: readonly TextEdit[],
): TextEdit[] {
  let pieces = toPieces(length, first)
  // From the back, so that the offsets in front stay true.
  for (const edit of inOrder(second).reverse()) {
    const [head, rest] = splitAt(pieces, edit.start)
    const [, tail] = splitAt(rest, edit.end - edit.start)
    pieces = [...head, { text: edit.text }, ...tail]
  }
  return toEdits(length, pieces)
}

function inOrder(edits: readonly TextEdit[]): TextEdit[] {
  return [...edits].sort((a, b) => a.start - b.start || a.end - b.end)
}

function toPieces(length: number, edits: readonly TextEdit[]): Piece[] {
  const pieces: Piece[] = []
  let at = 0
  for (const edit of inOrder(edits)) {
    pieces.push({ start: at, end: edit.start }, { text: edit.text })
    at = edit.end
  }
  return [...pieces, { start: at, end: length }]
}

function splitAt(pieces: readonly Piece[], offset: number): [Piece[], Piece[]] {
  const head: Piece[] = []
  let left = offset
  for (const [index, piece] of pieces.entries()) {
    const size = 'text' in piece ? piece.text.length : piece.end - piece.start
    if (size <= left) {
      head.push(piece)
      left -= size
      continue
    }
    const [before, after]: [Piece, Piece] =
      'text' in piece
        ? [{ text: piece.text.slice(0, left) }, { text: piece.text.slice(left) }]
        : [
            { start: piece.start, end: piece.start + left },
            { start: piece.start + left, end: piece.end },
          ]
    return [
      [...head, before],
      [after, ...pieces.slice(index + 1)],
    ]
  }
  return [head, []]
}

function toEdits(length: number, pieces: readonly Piece[]): TextEdit[] {
  const edits: TextEdit[] = []
  let at = 0
  let text = ''
  const flush = (start: number): void => {
    if (text !== '' || start > at) edits.push({ start: at, end: start, text })
    text = ''
  }
  for (const piece of pieces) {
    if ('text' in piece) {
      text += piece.text
    } else if (piece.start < piece.end) {
      flush(piece.start)
      at = piece.end
    }
  }
  flush(length)
  return edits
}
