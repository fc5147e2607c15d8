// Files as they stand: what kubectl apply would take.
import type { Kitchen, PlainUnit, Rendering } from '../unit.ts'

/** Manifests of the files in their order. */
export async function renderPlain({ paths }: PlainUnit, { parsed }: Kitchen): Promise<Rendering> {
  const files = await parsed(paths)
  return {
    manifests: files.flatMap(({ manifests }) => manifests),
    units: [],
    problems: files.flatMap(({ problems }) => problems),
    inputs: paths,
  }
}
