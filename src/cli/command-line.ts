// The command line: words in, one of the commands called, an exit code out.
import { Command, CommanderError, Option } from 'commander'
import { readConfig } from '../core/config.ts'
import { GitError } from '../git/command.ts'
import { assume } from './assume.ts'
import { check, fix } from './check.ts'
import type { FixOptions, ReportOptions } from './check.ts'
import { problemLine, readText } from './configuration.ts'
import type { Output } from './output.ts'
import { ownPackage } from './own-package.ts'
import { reach } from './reach.ts'
import type { ReachOptions } from './reach.ts'
import type { ReviewOptions } from './review.ts'
import { MAKE_BASELINE } from '../words/baseline.ts'
import { printable } from '../words/text.ts'
import { UsageError } from './usage-error.ts'

const EXIT_CODES = 'Exit codes: 0 nothing that gates, 1 the conclusion is failure, 2 nothing could be judged.'

/**
 * Runs a command: `argv` without the program's own name. Exit codes: 0 nothing that gates, 1 conclusion failure,
 * 2 nothing could be judged. Whatever goes wrong is said in a sentence, never thrown.
 */
export async function runCommandLine(argv: readonly string[], output: Output): Promise<number> {
  try {
    return await dispatch(argv, output)
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    if (error instanceof UsageError || error instanceof GitError) {
      output.say(`ambient-guard: ${error.message.split('\n').map(printable).join('\n')}`)
      return 2
    }
    const message = error instanceof Error ? error.message : String(error)
    if (isOfFileSystem(error)) {
      output.say(
        `ambient-guard: ${sentence(printable(message))} Nothing was judged, because not everything could be read.`,
      )
      return 2
    }
    output.say(
      `ambient-guard: a bug of its own: ${sentence(message)} Set AMBIENT_GUARD_DEBUG=1 and run it again for where it happened.`,
    )
    if ((process.env.AMBIENT_GUARD_DEBUG ?? '') !== '' && error instanceof Error)
      output.say(error.stack ?? '')
    return 2
  }
}

/** With one full stop at its end. */
function sentence(message: string): string {
  return `${message.trimEnd().replace(/[.]+$/, '')}.`
}

/** A folder that may not be listed, a name that is no text, a disk that fails: trouble of this machine. */
function isOfFileSystem(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error && 'path' in error
}

async function dispatch(argv: readonly string[], output: Output): Promise<number> {
  let code = 0
  const program = new Command('ambient-guard')
    .description(
      'Finds what Istio Ambient would cut off: HBONE (TCP 15008) and kubelet probes that network policies block.',
    )
    .version((await ownPackage()).version, '--version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .addHelpText('after', `\n${EXIT_CODES}`)
    .exitOverride()
    .configureOutput({
      writeOut: output.write,
      writeErr: (text) => {
        output.say(text.trimEnd())
      },
    })
  const judged = (command: Command): Command =>
    command
      .argument('[path]', 'root of the tree that is read; default: here')
      .option(
        '--base <rev|dir|none>',
        'what to compare with; in a repository the merge base with its default branch',
      )
      .option('--head <rev|dir>', 'what to judge; default: the working tree')
      .option('--enroll <namespaces>', 'what enrolling these namespaces would break: payments,shop, or all')
      .addOption(new Option('--color <when>', 'colours').choices(['auto', 'never']).default('auto'))
  const common = (command: Command): Command =>
    command
      .option('--config <file>', 'configuration; default: .github/ambient-guard.yml of the base')
      .option('--cluster <name>', 'judge this cluster of the configuration alone')
      .option('--cni <name>', 'the CNI that enforces policies, such as cilium or calico')
  common(judged(program.command('check').description('say what a change would cut off')))
    .addOption(
      new Option('--format <format>', 'of the report')
        .choices(['text', 'json', 'markdown', 'sarif'])
        .default('text'),
    )
    .option('--explain', 'say under each finding why it is one, step by step')
    .action(async (path: string | undefined, options: Omit<ReportOptions, 'argv'>) => {
      code = await check(path, { ...options, argv }, output)
    })
  common(judged(program.command('fix').description('print the proved fixes as a diff')))
    .option('--write', 'write them to the head on disk')
    .addOption(new Option('--format <format>', 'of the diff').choices(['text', 'json']).default('text'))
    .action(async (path: string | undefined, options: FixOptions) => {
      code = await fix(path, options, output)
    })
  common(
    program
      .command('reach')
      .description('answer who reaches whom, by policy alone')
      .argument('[path]', 'root of the tree that is read; default: here'),
  )
    .option('--from <peer>', 'Kind/namespace/name, Namespace/name, an address or a block; default: everybody')
    .option('--to <peer>', 'the same; default: everybody')
    .option('--port <port>', 'a number, or the name of a port of the destination; default: that of HBONE')
    .option('--protocol <protocol>', 'TCP, UDP or SCTP', 'TCP')
    .option('--queries <file>', 'one JSON question a line; - for standard input')
    .addOption(
      new Option(
        '--format <format>',
        'of the matrix; one question is answered in JSON unless markdown is asked for',
      )
        .choices(['text', 'json', 'markdown'])
        .default('text'),
    )
    .addOption(new Option('--color <when>', 'colours').choices(['auto', 'never']).default('auto'))
    .action(async (path: string | undefined, options: ReachOptions) => {
      code = await reach(path, options, output)
    })
  program
    .command('assume')
    .description('make a baseline for assume.manifests of what kubectl get prints, without secrets')
    .addHelpText('after', `\nExample:\n  ${MAKE_BASELINE}`)
    .action(async () => {
      code = await assume(output)
    })
  program
    .command('config')
    .description('look at the configuration')
    .command('validate')
    .description('say what is wrong with a configuration file')
    .argument('[file]', 'the file', '.github/ambient-guard.yml')
    .action(async (file: string) => {
      const { problems } = readConfig(file, await readText(file))
      for (const problem of problems) output.write(`${printable(problemLine(problem))}\n`)
      if (problems.length === 0) output.write(`${file} is valid.\n`)
      code = problems.length === 0 ? 0 : 2
    })
  program
    .command('review')
    .description('review one pull request on GitHub, with the token in GITHUB_TOKEN')
    .option('--repo <owner/repo>', 'the repository; default: GITHUB_REPOSITORY')
    .option('--pull <number>', 'the pull request; default: that of the event in GITHUB_EVENT_PATH')
    .action(async (options: ReviewOptions) => {
      // Loaded only now, as with the app.
      const { review } = await import('./review.ts')
      code = await review(options, output)
    })
  program
    .command('serve')
    .description('run the GitHub App')
    .action(async () => {
      // Loaded only now: the app is most of the weight, and the other commands start without it.
      const { serve } = await import('./serve.ts')
      await serve()
    })
  try {
    await program.parseAsync(argv, { from: 'user' })
  } catch (error) {
    if (error instanceof CommanderError && error.code === 'commander.unknownCommand')
      output.say(commandsOf(program.commands.find((command) => command.name() === argv[0]) ?? program))
    throw error
  }
  return code
}

/** Every command there is, a line each. */
function commandsOf(command: Command): string {
  const lines = command.commands.map((one) => `  ${one.name().padEnd(10)}${one.description()}`)
  return ['Commands:', ...lines].join('\n')
}
