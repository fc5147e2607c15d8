// What one document may cost. Manifests come from strangers' pull requests, so every cap is a sentence
// for the reader and never a crash; all of them are far above what a Kubernetes API server accepts.

/** Levels of mappings and sequences, counted after aliases are expanded. */
export const MAX_DEPTH = 100

/** UTF-16 units of one document. etcd holds objects of 1.5 MB; lists from `kubectl get` are larger. */
export const MAX_LENGTH = 5 * 1024 * 1024

/** The same for reading with positions, which costs several times more time and memory. */
export const MAX_POSITIONED_LENGTH = 1024 * 1024

/**
 * Nodes that one document may gain from aliases: what goyaml.v2 allows before it says "excessive
 * aliasing" (decode.go, alias_ratio_range_low), without its scaling by document size.
 */
export const MAX_ALIASED_NODES = 400_000

export const TOO_DEEP = `mappings and sequences are nested deeper than ${String(MAX_DEPTH)} levels`
export const TOO_LONG = `the document is longer than ${String(MAX_LENGTH)} characters`
export const TOO_ALIASED = `aliases add more than ${String(MAX_ALIASED_NODES)} nodes to the document`
