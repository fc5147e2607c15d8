// Problems behind which there may be whole manifests, policies among them, that nobody here has read.

/** Their codes. */
export const UNSEEN_SOURCES: readonly string[] = [
  // Where manifests are.
  'remote-base',
  'remote-chart',
  'remote-source',
  'missing-source',
  'included-source',
  'revision-pinned',
  'artifact-layout',
  'packed-chart',
  'path-not-followed',
  'not-followed',
  'submodule',
  'symbolic-link',
  'lfs-pointer',
  'ytt-template',
  'not-utf8',
  'name-not-utf8',
  'namespace-outside-paths',
  'in-another-cluster',
  // What is made of them.
  'generator-not-supported',
  'template-not-supported',
  'plugin-not-supported',
  'jsonnet-not-supported',
  'file-parameters-not-supported',
  'post-renderer-not-supported',
  'ignore-not-evaluated',
  'value-file-in-chart',
  'value-file-not-seen',
  'values-unknown',
  'substitution-unknown',
  'carried-objects',
]
