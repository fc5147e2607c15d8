// What a program that reads untrusted files may see and use. Charts and kustomizations come from pull requests:
// whatever they make their renderer do, there is nothing to take and nowhere to send it.
import { join } from 'node:path'
import type { RunOptions } from '../../exec.ts'

export interface Bounds {
  /** Milliseconds from the start of a run. */
  readonly timeoutMs: number
  readonly cpuSeconds: number
  /**
   * Address space of each process. A Go program reserves 1.3 GiB of it before its first line, and uses 50 MiB: what is
   * left for it, and for the helm that a kustomize starts, is 2.4 GiB together.
   */
  readonly memoryBytes: number
  readonly maxOutputBytes: number
  /** All the files of a run together; also one file that it writes itself. */
  readonly maxFileBytes: number
}

const MIB = 1024 * 1024

export const BOUNDS: Bounds = {
  timeoutMs: 30_000,
  cpuSeconds: 30,
  memoryBytes: 2560 * MIB,
  maxOutputBytes: 64 * MIB,
  maxFileBytes: 64 * MIB,
}

/** `temporary` is the only folder that the program is told it may write to. */
export function confinement(tree: string, temporary: string, bounds: Bounds): RunOptions {
  return {
    cwd: tree,
    env: { ...environment(temporary), GOMEMLIMIT: String(Math.floor(bounds.memoryBytes / 4)) },
    timeoutMs: bounds.timeoutMs,
    maxOutputBytes: bounds.maxOutputBytes,
    limits: {
      cpuSeconds: bounds.cpuSeconds,
      memoryBytes: bounds.memoryBytes,
      fileBytes: bounds.maxFileBytes,
      openFiles: 256,
    },
    network: 'none',
    endsWithThread: true,
  }
}

function environment(temporary: string): Record<string, string> {
  // Nothing listens on the discard port. Go sends all but loopback through it where there is no namespace.
  const nowhere = 'http://127.0.0.1:9'
  return {
    // kustomize runs git for remote bases; helm it is given by absolute path.
    PATH: '/nonexistent',
    HOME: '/nonexistent',
    TMPDIR: temporary,
    KUBECONFIG: '/dev/null',
    HELM_CACHE_HOME: join(temporary, 'helm/cache'),
    HELM_CONFIG_HOME: join(temporary, 'helm/config'),
    HELM_DATA_HOME: join(temporary, 'helm/data'),
    HELM_PLUGINS: join(temporary, 'helm/plugins'),
    ...Object.fromEntries(
      ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY'].flatMap((name) => [
        [name, nowhere],
        [name.toLowerCase(), nowhere],
      ]),
    ),
    NO_PROXY: '',
    no_proxy: '',
    GIT_ALLOW_PROTOCOL: 'none',
    // Renderers are short, and run side by side as it is.
    GOMAXPROCS: '2',
  }
}
