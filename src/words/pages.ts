// Where the pages about rules are read. Said in every comment, so that whoever gets one can look up what it is about.
import type { RuleId } from '../core/config.ts'

const PAGES = 'https://github.com/ambient-guard/ambient-guard/blob/main/docs'

export function rulePage(rule: RuleId): string {
  return `${PAGES}/rules/${rule}.md`
}
