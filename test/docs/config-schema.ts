// docs/ambient-guard.schema.json, as it follows from the shape that readConfig goes by.
import { z } from 'zod'
import { configSchema } from '../../src/core/config-schema.ts'

/** Where editors fetch it, and the name that it goes by. */
export const SCHEMA_URL =
  'https://raw.githubusercontent.com/ambient-guard/ambient-guard/main/docs/ambient-guard.schema.json'

/** The JSON Schema of `.github/ambient-guard.yml`, in the draft that editors know best. */
export function configJsonSchema(): Record<string, unknown> {
  const { $schema, ...shape } = z.toJSONSchema(configSchema, { target: 'draft-7', io: 'input' })
  return {
    $schema,
    $id: SCHEMA_URL,
    title: 'ambient-guard',
    description: 'Configuration of ambient-guard, .github/ambient-guard.yml. Everything is optional.',
    ...shape,
  }
}
