// The variables that Argo CD writes into value files, parameters and labels of a source
// (docs/user-guide/build-environment.md), put in as Go's os.Expand does.
import { get } from '../../../core/kubernetes/field.ts'
import { namespaceOf } from '../../../core/kubernetes/manifest.ts'
import type { App } from './object.ts'
import type { Source } from './source.ts'

/** The commit is not known before it is made; nobody selects pods by it. */
const REVISION = '0'.repeat(40)

/** Puts the variables of a source into a text; one that is not known is empty. */
export function environmentOf(app: App, source: Source): (text: string) => string {
  const project = get(app.spec, 'project').value
  const owner = namespaceOf(app.manifest.object)
  const values: Readonly<Record<string, string>> = {
    ARGOCD_APP_NAME: owner === null || owner === 'argocd' ? app.name : `${owner}_${app.name}`,
    ARGOCD_APP_NAMESPACE: app.namespace ?? '',
    ARGOCD_APP_PROJECT_NAME: typeof project === 'string' && project !== '' ? project : 'default',
    ARGOCD_APP_REVISION: REVISION,
    ARGOCD_APP_REVISION_SHORT: REVISION.slice(0, 7),
    ARGOCD_APP_REVISION_SHORT_8: REVISION.slice(0, 8),
    ARGOCD_APP_SOURCE_PATH: source.path ?? '',
    ARGOCD_APP_SOURCE_REPO_URL: source.url ?? '',
    ARGOCD_APP_SOURCE_TARGET_REVISION: source.revision ?? '',
  }
  return (text) =>
    text.replace(
      /\$(?:\{([^}]*)\}|([*#$@!?\-0-9])|([A-Za-z_][A-Za-z_0-9]*))/g,
      (_, braced: string | undefined, special: string | undefined, plain: string | undefined) => {
        const name = braced ?? special ?? plain ?? ''
        if (name === '$') return '$'
        return Object.hasOwn(values, name) ? (values[name] ?? '') : ''
      },
    )
}
