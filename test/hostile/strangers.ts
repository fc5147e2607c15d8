// What a text does on GitHub or in a terminal that we did not mean: read as GitHub reads Markdown, by its tokens.
import MarkdownIt from 'markdown-it'
import type { Token } from 'markdown-it/index.js'

const markdown = new MarkdownIt({ html: true })

/** The tags that we write, and our hidden lines. */
const OWN_HTML =
  /^(?:<\/?(?:details|summary|code|br)>|<b>(?=<code>|\d)|<\/b>|<!-- ambient-guard (?:f-[0-9a-f]{10}|[0-9a-f]{40} [\w.%/~!*'()-]+) -->|[^<>]|\s)*$/
const OWN_LINK =
  /^https:\/\/(?:github\.com\/ambient-guard\/ambient-guard\/blob\/main\/docs\/|github\.example\/)/
/** Line ends and what a person would see are fine. */
const UNSEEN = /(?![\n\u200b])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u
/** What GitHub links by itself, or tells somebody of. */
const LINKING = /@[\p{L}\p{N}]|#\d|\bGH-\d|:\/\/|\bwww\./iu
const MERMAID =
  /^(?:graph LR| {2}n\d+\["[\p{L}\p{N} ./_:,=#;-]*"\]| {2}n\d+ --x\|"[\p{L}\p{N} ./_:,=#;-]*"\| n\d+)$/u
const LAST = 'the last words'

/** Everything in a Markdown text that is not ours, a sentence for each. */
export function strangersIn(text: string): readonly string[] {
  const tokens = markdown.parse(`${text}\n\n${LAST}\n`, {})
  const flat = tokens.flatMap((token) => [token, ...(token.children ?? [])])
  const ends = tokens.slice(-3).map(({ type, level, content }) => [type, level, content].join(' '))
  const closed = ends.join() === `paragraph_open 0 ,inline 1 ${LAST},paragraph_close 0 `
  const html = flat.filter(({ type }) => type.startsWith('html')).map(({ content }) => content)
  const opened = html.join('').split('<details>').length - html.join('').split('</details>').length
  return [
    ...(closed ? [] : ['a block that does not end']),
    ...(opened === 0 ? [] : ['a fold that does not end, or ends twice']),
    ...html.filter((content) => !OWN_HTML.test(content)).map((content) => `HTML: ${content}`),
    ...flat.flatMap(stranger),
  ]
}

function stranger(token: Token): readonly string[] {
  const { type, content, info } = token
  if (type === 'link_open') {
    const href = String(token.attrGet('href'))
    return OWN_LINK.test(href) ? [] : [`a link to ${href}`]
  }
  if (type === 'image' || type === 'table_open' || type === 'heading_open')
    return type === 'heading_open' && (token.tag === 'h4' || token.tag === 'h3') ? [] : [type]
  if (type === 'text') {
    const linking = LINKING.test(content) ? [`what GitHub would link: ${content}`] : []
    return [...linking, ...unseen(content)]
  }
  if (type === 'code_inline') return unseen(content)
  if (type === 'fence' && info === 'mermaid')
    return content
      .split('\n')
      .filter((line) => line !== '' && !MERMAID.test(line))
      .map((line) => `Mermaid: ${line}`)
  if (type === 'fence')
    return ['diff', 'suggestion', 'yaml', 'sh', 'text', ''].includes(info) ? [] : [`a fence of ${info}`]
  return type === 'code_block' ? [`code by indentation: ${content}`] : []
}

function unseen(content: string): readonly string[] {
  return UNSEEN.test(content) ? [`an unseen character in ${JSON.stringify(content)}`] : []
}
