// Objects of a repository, from one git that stays: starting a program for every question costs more than most answers,
// and the more, the larger the process that starts it.
import { Socket } from 'node:net'
import { GitError, lastWords, standingGit } from './command.ts'

/** What git says of an object. */
export interface ObjectInfo {
  readonly id: string
  readonly type: string
  /** In bytes. */
  readonly size: number
}

export interface ReadObject extends ObjectInfo {
  readonly bytes: Uint8Array
}

/** A name is an id, or what one is peeled to: `<id>^{tree}`. Answers are in the order of names; null: nothing. */
export interface ObjectReader {
  /** @throws GitError: git is not installed, ended in the middle, or did not go on */
  readonly info: (names: readonly string[]) => Promise<readonly (ObjectInfo | null)[]>
  /** @throws GitError, as `info` does */
  readonly read: (names: readonly string[]) => Promise<readonly (ReadObject | null)[]>
}

/** Milliseconds without a question after which git is let go. */
const IDLE_MS = 10_000
/** Milliseconds that git may take until the next piece of an answer. */
const PATIENCE_MS = 60_000
/** Larger than anything that we ask for. */
const MAX_OBJECT_BYTES = 256 * 1024 * 1024
/** Questions that are asked in one go. */
const MANY = 10_000

const readers = new Map<string, ObjectReader>()

/** The reader of the repository at a directory: one for whoever asks. */
export function objectReader(directory: string): ObjectReader {
  const reader = readers.get(directory) ?? createReader(directory, () => readers.delete(directory))
  readers.set(directory, reader)
  return reader
}

function createReader(directory: string, forget: () => void): ObjectReader {
  let git: Promise<Conversation> | null = null
  const begin = (): Promise<Conversation> => {
    const fresh = converse(directory, () => {
      if (git !== fresh) return
      git = null
      forget()
    })
    fresh.catch(() => {
      git = null
    })
    git = fresh
    return fresh
  }
  const ask = async (verb: Verb, names: readonly string[]): Promise<readonly (ReadObject | null)[]> => {
    if (names.length === 0) return []
    const used = await (git ?? begin())
    const found = await used.ask(verb, names)
    if (!found.includes(null)) return found
    // A directory may have been put in the place of the one that git looks at: a new git sees that.
    used.close()
    return (await begin()).ask(verb, names)
  }
  const inPieces = async (verb: Verb, names: readonly string[]): Promise<readonly (ReadObject | null)[]> => {
    const found: (ReadObject | null)[] = []
    for (let at = 0; at < names.length; at += MANY)
      for (const one of await ask(verb, names.slice(at, at + MANY))) found.push(one)
    return found
  }
  return { info: (names) => inPieces('info', names), read: (names) => inPieces('contents', names) }
}

type Verb = 'info' | 'contents'

interface Conversation {
  readonly ask: (verb: Verb, names: readonly string[]) => Promise<readonly (ReadObject | null)[]>
  /** Asks nothing more: git ends once it has answered. */
  readonly close: () => void
}

interface Question {
  readonly verb: Verb
  readonly count: number
  readonly found: (ReadObject | null)[]
  readonly resolve: (found: readonly (ReadObject | null)[]) => void
  readonly reject: (error: Error) => void
}

/** `git cat-file --batch-command`, git-cat-file(1). `over` is called once it takes no more questions. */
async function converse(directory: string, over: () => void): Promise<Conversation> {
  const { child, end } = await standingGit(['cat-file', '--batch-command', '--buffer'], directory)
  const waiting: Question[] = []
  let complaint = ''
  let failure: GitError | null = null
  let clock: NodeJS.Timeout | undefined
  const fail = (error: GitError): void => {
    failure ??= error
    clearTimeout(clock)
    over()
    end()
    for (const { reject } of waiting.splice(0)) reject(failure)
  }
  const close = (): void => {
    clearTimeout(clock)
    over()
    child.stdin.end()
  }
  /** This process is kept alive by answers that somebody waits for, and by nothing else here. */
  const wind = (): void => {
    clearTimeout(clock)
    const isAsked = waiting.length > 0
    for (const stream of [child.stdin, child.stdout, child.stderr])
      if (stream instanceof Socket) (isAsked ? stream.ref : stream.unref).call(stream)
    clock = isAsked
      ? setTimeout(() => {
          const words = `git cat-file did not go on within ${String(PATIENCE_MS / 1000)} s`
          fail(new GitError('timed-out', words))
        }, PATIENCE_MS)
      : setTimeout(close, IDLE_MS).unref()
  }
  wind()

  const take = answers((object) => {
    const [question] = waiting
    if (question === undefined) return
    question.found.push(object)
    if (question.found.length < question.count) return
    waiting.shift()
    question.resolve(question.found)
  })
  child.stdout.on('data', (chunk: Buffer) => {
    clock?.refresh()
    try {
      take(chunk, () => waiting[0]?.verb === 'contents')
    } catch (error) {
      fail(error instanceof GitError ? error : new GitError('failed', String(error)))
    }
    if (waiting.length === 0 && failure === null) wind()
  })
  child.stderr.on('data', (chunk: Buffer) => {
    complaint = (complaint + chunk.toString('utf8')).slice(-10_000)
  })
  // It may have ended before it reads; that it has, says what is the matter.
  child.stdin.on('error', () => undefined)
  child.once('error', (error: NodeJS.ErrnoException) => {
    fail(new GitError('not-started', `git cat-file could not be started (${error.code ?? error.message})`))
  })
  child.once('close', (code) => {
    fail(new GitError('failed', `git cat-file failed: ${lastWords(complaint, code)}`, complaint))
  })
  return {
    close,
    ask: (verb, names) =>
      new Promise((resolve, reject) => {
        const bad = names.find((name) => !/^[0-9a-f]{40,64}(?:\^\{[a-z]+\})?$/.test(name))
        if (bad !== undefined) throw new Error(`${JSON.stringify(bad)} is not the id of an object`)
        if (failure !== null) {
          reject(failure)
          return
        }
        waiting.push({ verb, count: names.length, found: [], resolve, reject })
        if (waiting.length === 1) wind()
        child.stdin.write(`${names.map((name) => `${verb} ${name}\n`).join('')}flush\n`)
      }),
  }
}

/**
 * Puts pieces of what git writes together: `<id> SP <type> SP <size> LF`, after which the bytes and a LF follow where
 * contents were asked for; `<name> SP missing LF` where there is nothing.
 */
function answers(
  say: (object: ReadObject | null) => void,
): (chunk: Buffer, withContents: () => boolean) => void {
  let header = ''
  let object: (ObjectInfo & { readonly bytes: Buffer }) | null = null
  let filled = 0
  return (chunk, withContents) => {
    let at = 0
    while (at < chunk.length) {
      if (object === null) {
        const end = chunk.indexOf(0x0a, at)
        header += chunk.toString('latin1', at, end === -1 ? chunk.length : end)
        if (end === -1) return
        at = end + 1
        const [id = '', type = '', size = ''] = header.split(' ')
        header = ''
        if (type === 'missing') say(null)
        else if (!/^\d+$/.test(size)) throw new GitError('failed', `git cat-file says ${type} of ${id}`)
        else if (!withContents()) say({ id, type, size: Number(size), bytes: NOTHING })
        else if (Number(size) > MAX_OBJECT_BYTES)
          throw new GitError('output-too-large', `the object ${id} has ${size} bytes`)
        else {
          object = { id, type, size: Number(size), bytes: Buffer.alloc(Number(size)) }
          filled = 0
        }
      } else if (filled < object.size) {
        const copied = chunk.copy(object.bytes, filled, at)
        filled += copied
        at += copied
      } else {
        // The newline after the bytes.
        at += 1
        const whole = object
        object = null
        say(whole)
      }
    }
  }
}

const NOTHING = Buffer.alloc(0)
