// The door of core: what is true of a tree of manifests, as synchronous functions of their arguments.
export { analyze } from './analysis.ts'
export type { Analysis } from './analysis.ts'
export { compare, conclude, policiesOf } from './findings/compare.ts'
export type {
  ComparedFinding,
  ComparedProblem,
  Comparison,
  Conclusion,
  Touched,
} from './findings/compare.ts'
export { propose } from './fixes/plan.ts'
export type { Plan } from './fixes/plan.ts'
export { realise } from './fixes/realise.ts'
export { judge } from './fixes/judge.ts'
export type { Trial } from './fixes/judge.ts'
export { answer } from './policy/query.ts'
export type { Answer, Query } from './policy/query.ts'
