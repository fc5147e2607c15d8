// What a program said, as it may stand on a pull request: paths relative to the tree, nothing that differs from run
// to run or gives this machine away, and no characters that do more than show.
import { realpathSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename } from 'node:path'
import { stripVTControlCharacters } from 'node:util'

export interface Surroundings {
  readonly tree: string
  readonly temporary: string
  /** Paths of programs, which become their names. */
  readonly programs: readonly string[]
}

/** At most 2,000 characters. Of a longer message both ends stay: kustomize puts the cause last, helm puts it first. */
export function tidyMessage(text: string, around: Surroundings): string {
  let tidy = stripVTControlCharacters(text)
    .replaceAll('\r\n', '\n')
    .replace(/[^\P{C}\n\t]/gu, '')
  for (const program of around.programs) tidy = tidy.replaceAll(program, basename(program))
  tidy = tidy.replace(below(around.temporary), withoutNumbers).replace(below(around.tree), relative)
  for (const folder of new Set([tmpdir(), realpathSync(tmpdir())])) tidy = tidy.replaceAll(`${folder}/`, '')
  for (const pattern of PASSING) tidy = tidy.replace(pattern, '')
  tidy = tidy.trim()
  if (tidy.length <= MOST) return tidy
  // Half a character is none.
  return `${tidy.slice(0, MOST / 2 - 3)} … ${tidy.slice(-MOST / 2)}`.replace(/\p{Surrogate}/gu, '')
}

const MOST = 2000

/** The path of a folder, or of something in it; the group is what follows the folder. */
function below(folder: string): RegExp {
  return new RegExp(`${folder.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')}(/[^\\s'"\`:;,()]*)?`, 'g')
}

function relative(_: string, rest: string | undefined): string {
  return rest === undefined || rest === '/' ? '.' : rest.slice(1)
}

/** Temporary files have random names, in folders with random names: `kustomize-helm-2718281828/values.yaml`. */
function withoutNumbers(_: string, rest = ''): string {
  return basename(rest).replace(/\d{6,}/g, '')
}

/** What differs between two runs of the same: the headers of klog and Go's log, slog's time, stacks and addresses. */
const PASSING = [
  /^[IWEF]\d{4} \d\d:\d\d:\d\d\.\d+ +\d+ [^\]\n]+\] /gm,
  /^\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d(\.\d+)? /gm,
  /^time=\S+ /gm,
  /\n(?:goroutine \d|runtime stack:)[^]*/,
  /0x[\da-f]{6,}/g,
]
