// The programs that render: where they are, which versions, and how they are run on untrusted input.

/** A program that was found. */
export interface Tool {
  /** What it is asked as: `kubectl` renders kustomizations as `kubectl kustomize`. */
  readonly name: 'kustomize' | 'kubectl' | 'helm'
  readonly path: string
  /** Of kustomize or helm, such as `v5.6.0`. */
  readonly version: string
  readonly from: 'AMBIENT_GUARD_TOOLS' | 'pinned' | 'PATH'
}

export interface ToolRun {
  readonly tool: Tool
  /** Arguments, given the scratch directory that the files were written to. */
  readonly args: (scratch: string) => readonly string[]
  /** Everything that the program may see, by path relative to the scratch directory. */
  readonly files: ReadonlyMap<string, Uint8Array | string>
}

/** `message` is what the program said, without paths of this machine; at most 2,000 characters. */
export type ToolResult =
  { readonly ok: true; readonly stdout: string } | { readonly ok: false; readonly message: string }

export interface Toolbox {
  /** The program that renders kustomizations; null where there is none. */
  readonly kustomize: () => Promise<Tool | null>
  readonly helm: () => Promise<Tool | null>
  /** Runs a program in a scratch directory of its own: no network, no home, no environment, and within limits. */
  readonly run: (run: ToolRun) => Promise<ToolResult>
  /** How many runs there were. */
  readonly runs: () => number
}
