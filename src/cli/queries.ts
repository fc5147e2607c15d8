// `reach --queries`: questions come in and answers go out, however many there are. Nothing is kept but the line at
// hand, and an answer does not wait for questions that have not been asked yet.
import { createReadStream } from 'node:fs'
import type { Answer, Asker, Query } from '../core/index.ts'
import { PROTOCOLS } from '../core/kubernetes/port-set.ts'
import type { Protocol } from '../core/kubernetes/port-set.ts'
import type { Output } from './output.ts'
import { UsageError } from './usage-error.ts'

/** Characters of one question; two names and a port need a few hundred. */
const MAX_LINE = 65_536

type Line = { readonly text: string } | { readonly tooLong: true }

/**
 * Answers each line of a file, or of standard input for `-`, in order. Stops where nobody reads the answers any more.
 * Exit code: 2 where a question could not be understood. @throws UsageError where the file cannot be read
 */
export async function answerQueries({ answer }: Asker, file: string, output: Output): Promise<0 | 2> {
  const input = file === '-' ? output.input : createReadStream(file)
  let failed = false
  try {
    for await (const lines of linesOf(input)) {
      const answers = lines.flatMap((line) => answerLine(answer, line) ?? [])
      failed ||= answers.some(({ error }) => error !== undefined)
      output.write(answers.map((one) => `${JSON.stringify(one)}\n`).join(''))
      if (!(await output.flushed())) break
    }
  } catch (error) {
    if (!(error instanceof Error && 'syscall' in error)) throw error
    const why = (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'there is no such file' : error.message
    throw new UsageError(`--queries ${file}: ${why}.`)
  }
  return failed ? 2 : 0
}

/** The lines that each piece of input completes; one that is too long ends as a mark, and is not kept. */
async function* linesOf(input: AsyncIterable<Uint8Array | string>): AsyncGenerator<readonly Line[]> {
  const decoder = new TextDecoder()
  let rest = ''
  let skipping = false
  for await (const chunk of input) {
    const text = typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true })
    const [first = '', ...others] = text.split('\n')
    const complete: Line[] = []
    let current: string = skipping ? '' : rest + first
    for (const next of others) {
      complete.push(skipping || current.length > MAX_LINE ? { tooLong: true } : { text: current })
      skipping = false
      current = next
    }
    skipping ||= current.length > MAX_LINE
    rest = skipping ? '' : current
    if (complete.length > 0) yield complete
  }
  const last = rest + decoder.decode()
  if (skipping || last !== '') yield [skipping ? { tooLong: true } : { text: last }]
}

type Reply = Answer | { readonly verdict: 'unknown'; readonly error: string }

function answerLine(answer: Asker['answer'], line: Line): Reply | null {
  if ('tooLong' in line) return notUnderstood(`a query has at most ${String(MAX_LINE)} characters`)
  if (line.text.trim() === '') return null
  const query = readQuery(line.text)
  return typeof query === 'string' ? notUnderstood(query) : answer(query)
}

function notUnderstood(error: string): Reply {
  return { verdict: 'unknown', error }
}

/** A query, or a sentence about what is wrong with its line. */
function readQuery(line: string): Query | string {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return `not a line of JSON: ${line.trim()}`
  }
  const { from, to, port, protocol = 'TCP' } = (value ?? {}) as Partial<Record<keyof Query, unknown>>
  if (typeof from !== 'string' || typeof to !== 'string') return 'a query needs "from" and "to"'
  const number = typeof port === 'number' && Number.isInteger(port) && port >= 1 && port <= 65535
  if (!number && (typeof port !== 'string' || port === ''))
    return 'a query needs a "port": a number from 1 to 65535, or a name'
  if (!PROTOCOLS.some((known) => known === protocol)) return '"protocol" must be TCP, UDP or SCTP'
  return { from, to, port, protocol: protocol as Protocol }
}
