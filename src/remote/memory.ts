// What was fetched, for as long as the process lives: the same pin is the same piece, in every report. Bounded by size;
// what was used longest ago goes first.
import type { Fetched } from '../manifests/unit.ts'

export type Piece = Extract<Fetched, { readonly ok: true }>

export interface RemoteMemory {
  readonly get: (key: string) => Piece | undefined
  readonly set: (key: string, piece: Piece) => void
}

/** `maxBytes` counts the files alone. */
export function remoteMemory(maxBytes = 128 * 1024 * 1024): RemoteMemory {
  const pieces = new Map<string, { readonly piece: Piece; readonly bytes: number }>()
  let total = 0
  const take = (key: string): Piece | undefined => {
    const known = pieces.get(key)
    if (known === undefined) return undefined
    pieces.delete(key)
    total -= known.bytes
    return known.piece
  }
  const set = (key: string, piece: Piece): void => {
    take(key)
    const bytes = [...piece.files.values()].reduce((sum, file) => sum + file.length, 0)
    pieces.set(key, { piece, bytes })
    total += bytes
    for (const oldest of pieces.keys()) {
      if (total <= maxBytes) return
      take(oldest)
    }
  }
  return {
    get(key) {
      const piece = take(key)
      if (piece !== undefined) set(key, piece)
      return piece
    },
    set,
  }
}
