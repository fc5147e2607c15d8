// What the program knows about itself: package.json, which stands above `src` and `dist` alike.
import { readFile } from 'node:fs/promises'

export interface OwnPackage {
  readonly version: string
}

export async function ownPackage(): Promise<OwnPackage> {
  const text = await readFile(new URL('../../package.json', import.meta.url), 'utf8')
  return JSON.parse(text) as OwnPackage
}
