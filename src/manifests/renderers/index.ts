// Every renderer, by the kind of unit that it renders.
import type { Kitchen, Rendering, Unit, Waiting } from '../unit.ts'
import { renderArgo } from './argocd/render.ts'
import { renderFlux } from './flux/render.ts'
import { renderHelm } from './helm/render.ts'
import { renderKustomize } from './kustomize/render.ts'
import { renderPlain } from './plain.ts'

export function renderUnit(unit: Unit, kitchen: Kitchen): Promise<Rendering | Waiting> {
  switch (unit.kind) {
    case 'plain':
      return renderPlain(unit, kitchen)
    case 'kustomize':
      return renderKustomize(unit, kitchen)
    case 'helm':
      return renderHelm(unit, kitchen)
    case 'argocd':
      return renderArgo(unit, kitchen)
    case 'flux':
      return renderFlux(unit, kitchen)
  }
}
