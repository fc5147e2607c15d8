// Did a change touch a policy? A fix goes where somebody is at work already.
import type { Touched } from '../findings/compare.ts'
import type { NetworkPolicy } from '../kubernetes/state.ts'

/** 1 where a line of its document changed, else 0: for sorting. */
export function wasTouched({ origin }: NetworkPolicy, touched: Touched): number {
  const lines = touched.lines.get(origin.file.path)
  if (lines === undefined) return 0
  const { document, file } = origin
  const last = document.line + file.text.slice(document.start, document.end).split('\n').length - 1
  return [...lines].some((line) => line >= document.line && line <= last) ? 1 : 0
}
