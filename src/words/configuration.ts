// That a change to the configuration is not in force yet: what judges a change is what its base says.
import { CONFIG_PATH } from '../core/config.ts'
import type { Report } from '../examine/report.ts'

/** One sentence or none; `name` writes a path. */
export function configurationSentences(
  { configuration }: Report,
  name: (path: string) => string,
): readonly string[] {
  if (configuration === null) return []
  const { change, mistakes } = configuration
  const file = name(CONFIG_PATH)
  if (change === 'removed')
    return [
      `${file} is removed here, and was used all the same, as the base has it: the defaults hold once this is merged.`,
    ]
  const used =
    change === 'added'
      ? `${file} is new, and was not used: the base has none.`
      : `${file} is changed here, and was used as the base has it.`
  const verdict =
    mistakes === 0
      ? 'The new one is valid, and holds once it is merged.'
      : `The new one is not valid: it has ${mistakes === 1 ? 'a mistake' : `${String(mistakes)} mistakes`}, which ${mistakes === 1 ? 'is' : 'are'} named with the problems.`
  return [`${used} ${verdict}`]
}
