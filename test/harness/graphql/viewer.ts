// Who reads: a token of an installation, in one world.
import type { World } from '../model/world.ts'
import type { TokenRecord } from '../server/tokens.ts'

export interface Viewer {
  readonly world: World
  readonly token: TokenRecord
}
