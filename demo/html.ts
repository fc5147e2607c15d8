// GitHub's look, as far as it helps to judge words: Markdown with its fences, folds and graphs, in boxes.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import MarkdownIt from 'markdown-it'

const require = createRequire(import.meta.url)
const MERMAID = require.resolve('@mermaid-js/tiny')

export interface Comment {
  readonly author: string
  /** Empty in the conversation. */
  readonly where: string
  /** The lines that are commented on. */
  readonly lines: readonly string[]
  readonly body: string
}

export interface Check {
  readonly conclusion: string
  readonly title: string
  readonly summary: string
  readonly text: string
  readonly buttons: readonly string[]
}

export function commentBox({ author, where, lines, body }: Comment): string {
  const code = lines.map((line) => `<div>${escapeHtml(line)}</div>`).join('')
  const place =
    where === '' ? '' : `<div class="place">${escapeHtml(where)}</div><pre class="lines">${code}</pre>`
  const old = lines.map((line) => `<div class="gone">${escapeHtml(line)}</div>`).join('')
  return `<section>${place}<div class="head"><b>${escapeHtml(author)}</b> commented</div><article>${rendered(body, old)}</article></section>`
}

export function checkBox({ conclusion, title, summary, text, buttons }: Check): string {
  const row = buttons.map((label) => `<span class="button">${escapeHtml(label)}</span>`).join('')
  return `<section><div class="check ${escapeHtml(conclusion)}"><b>ambient-guard</b> ${escapeHtml(title)}${row}</div><article>${rendered(summary, '')}${text === '' ? '' : `<hr>${rendered(text, '')}`}</article></section>`
}

/** A page whose title is its height in pixels, once every graph is drawn. */
export function page(boxes: readonly string[]): string {
  return `<!doctype html><meta charset="utf-8"><title></title><style>${STYLE}</style><main>${boxes.join('')}</main>
<script>${readFileSync(MERMAID, 'utf8')}</script>
<script>
mermaid.initialize({ startOnLoad: false, theme: 'default' })
mermaid.run({ querySelector: '.mermaid' }).then(() => { document.title = String(document.querySelector('main').scrollHeight + 32) })
</script>`
}

/** Summaries hold HTML of their own, such as folds; names in them are escaped before they come here. */
function rendered(markdown: string, replaced: string): string {
  const reader = new MarkdownIt({ html: true, linkify: false, breaks: true })
  reader.renderer.rules.fence = (tokens, index) => {
    const { info = '', content = '' } = tokens[index] ?? {}
    if (info.trim() === 'mermaid') return `<pre class="mermaid">${escapeHtml(content)}</pre>`
    const lines = content.replace(/\n$/, '').split('\n')
    if (info.trim() === 'suggestion') {
      const fresh = lines.map((line) => `<div class="new">${escapeHtml(line)}</div>`).join('')
      return `<div class="suggestion"><div class="head">Suggested change</div><pre>${replaced}${fresh}</pre></div>`
    }
    const kind = (line: string): string =>
      info.trim() !== 'diff' || /^(?:---|\+\+\+) /.test(line)
        ? ''
        : line.startsWith('+')
          ? 'new'
          : line.startsWith('-')
            ? 'gone'
            : ''
    return `<pre>${lines.map((line) => `<div class="${kind(line)}">${escapeHtml(line)}</div>`).join('')}</pre>`
  }
  return reader.render(markdown)
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"]/g, (mark) => `&#${String(mark.charCodeAt(0))};`)
}

const STYLE = `
body { font: 14px/1.5 "DejaVu Sans", sans-serif; margin: 16px; color: #1f2328; background: #fff }
main { width: 860px }
section { border: 1px solid #d1d9e0; border-radius: 6px; margin-bottom: 16px; overflow: hidden }
article { padding: 8px 16px }
code, pre { font: 12px/1.45 "DejaVu Sans Mono", monospace; background: #f0f2f4; border-radius: 4px }
code { padding: 2px 4px }
pre { padding: 8px; overflow: auto }
pre div { min-height: 1.45em; white-space: pre-wrap }
.place, .head, .check { background: #f6f8fa; border-bottom: 1px solid #d1d9e0; padding: 6px 16px }
.lines { margin: 0; border-radius: 0; background: #e6ffec }
.suggestion { border: 1px solid #d1d9e0; border-radius: 6px; margin: 8px 0 } .suggestion pre { margin: 0; background: #fff }
.new { background: #dafbe1 } .gone { background: #ffebe9 }
.check::before { content: "●"; margin-right: 8px }
.success::before { color: #1a7f37 } .failure::before { color: #cf222e } .neutral::before { color: #6e7781 }
.button { float: right; border: 1px solid #d1d9e0; border-radius: 6px; padding: 0 10px; margin-left: 8px; background: #fff }
.mermaid { background: #fff; text-align: center }
h4 { margin: 12px 0 4px }
a { color: #0969da; text-decoration: none }
`
