// Which documents are parsed at all: parsing is most of what a check costs, and most documents of a large tree are
// of kinds that say nothing to us. When in doubt, a document is parsed.
import { EVIDENCE_KINDS, EVIDENCE_WORD } from '../core/kubernetes/cni-evidence.ts'
import { ACCOUNT_KIND, JUDGED_KINDS } from '../core/kubernetes/state.ts'
import { CONTROLLER_KINDS } from './controllers.ts'

/** A kind that is judged, in whatever case (see misspelt-kinds.ts), or a kind that only a parser can tell. */
const VALUE = `(?:["']?(?:${[...JUDGED_KINDS, ACCOUNT_KIND, ...CONTROLLER_KINDS].join('|')}|\\w*List)\\b|[&*!>|]|"[^"\\n\\\\]*\\\\|(?:#.*)?$)`
/** A key that only a parser can read: with escapes, or behind a question mark. */
const OTHER_KEYS = '"[^"\\n\\\\]*\\\\[^"\\n]*"\\s*:|\\?\\s'
const ANYWHERE = new RegExp(`\\bkind["']?\\s*:\\s*${VALUE}|${OTHER_KEYS}`, 'im')
const NOT_INDENTED = '(?<!^(?:-?[ \\t])+kind)'
const AT_THE_TOP = new RegExp(`\\bkind${NOT_INDENTED}["']?\\s*:\\s*${VALUE}|${OTHER_KEYS}`, 'im')

const MAY_BE_EVIDENCE = new RegExp(`\\bkind["']?\\s*:\\s*["']?(?:${EVIDENCE_KINDS.join('|')})\\b`)

const PLAIN_KEY = /[A-Za-z]\w*:[ \t\r\n]/y
const OWN_KIND = /^kind:[ \t]+[A-Za-z]/m

/** False where a document cannot be of a relevant kind. Such a document says nothing to us, broken or not. */
export function mayMatter(document: string): boolean {
  const pattern = namesItsKind(document) ? AT_THE_TOP : ANYWHERE
  return (
    pattern.test(document) ||
    (MAY_BE_EVIDENCE.test(document) && EVIDENCE_WORD.test(document)) ||
    (document.includes('apiVersion') && !/\bkind["']?\s*:/.test(document))
  )
}

/**
 * Does the document give its kind where people give it? Then an indented `kind` (the subject of a RoleBinding, a
 * manifest inside a ConfigMap) is not its own. A merge may replace it, and is left to the parser.
 */
function namesItsKind(document: string): boolean {
  return isBlockMapping(document) && OWN_KIND.test(document) && !document.includes('<<')
}

/** Comments, then a plain key at column 0: a block mapping, whose keys are not indented. */
function isBlockMapping(document: string): boolean {
  let at = 0
  while (document[at] === '#' || document[at] === '\n' || document[at] === '\r') at = nextLine(document, at)
  PLAIN_KEY.lastIndex = at
  return PLAIN_KEY.test(document)
}

function nextLine(text: string, from: number): number {
  for (let at = from; at < text.length; at += 1) {
    if (text[at] === '\n' || text[at] === '\r') return at + 1
  }
  return text.length
}
