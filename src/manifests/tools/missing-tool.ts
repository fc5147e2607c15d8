// The words for a tool that is not there, for every renderer that would have needed it.

/** Pieces of a Problem. `passedOver` is what the toolbox found and does not use, where anybody asked. */
export function missingTool(
  name: 'kustomize' | 'helm',
  passedOver: readonly string[] = [],
): { readonly message: string; readonly remedy: string } {
  const wanted = name === 'kustomize' ? 'kustomize or kubectl' : 'helm'
  const why = passedOver.length === 0 ? '' : `: ${passedOver.join('; ')}`
  return {
    message: `Rendering this needs ${wanted}, and none was found${why}.`,
    remedy: `Run \`npm run tools\`, set AMBIENT_GUARD_TOOLS to a folder that holds ${wanted}, or put it on PATH.`,
  }
}
