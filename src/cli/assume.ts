// `assume`: a dump of a cluster on standard input, a baseline for `assume.manifests` on standard output.
import { baselineOf } from '../manifests/baseline.ts'
import { readDump } from '../manifests/dump.ts'
import { BASELINE_HEADER, leftOutText } from '../words/baseline.ts'
import type { Output } from './output.ts'
import { UsageError } from './usage-error.ts'

const WHAT_TO_PIPE = 'Pipe into it what kubectl get prints; ambient-guard assume --help shows how'

/** Writes a baseline, or nothing. @throws UsageError where the dump cannot be read, or holds nothing to write */
export async function assume({ input, write, say }: Output): Promise<0> {
  if ('isTTY' in input && input.isTTY === true)
    throw new UsageError(`Standard input is a terminal. ${WHAT_TO_PIPE}.`)
  const text = await readAll(input)
  if (text.trim() === '') throw new UsageError(`Standard input is empty. ${WHAT_TO_PIPE}.`)
  const dump = readDump(text)
  if ('error' in dump) throw new UsageError(`Standard input, ${dump.error}. Nothing was written.`)
  const { documents, leftOut, twice } = baselineOf(dump.objects)
  if (twice.length > 0) {
    throw new UsageError(
      `Standard input holds different objects of one name: ${twice.slice(0, 10).join(', ')}. Nothing was written: make one baseline for each cluster.`,
    )
  }
  const left = leftOutText(leftOut)
  if (left !== null) say(left)
  if (documents.length === 0)
    throw new UsageError(`Standard input holds no objects that bear on who reaches whom. ${WHAT_TO_PIPE}.`)
  write(`${BASELINE_HEADER}---\n${documents.join('---\n')}`)
  return 0
}

async function readAll(input: AsyncIterable<Uint8Array | string>): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  for await (const chunk of input)
    text += typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true })
  return text + decoder.decode()
}
