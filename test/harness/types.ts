// What a story may say and see. The stand-in's insides (world, git, routes) never appear here, so a story
// reads like a pull request page: someone does something, and then one looks at what the app left behind.
export type * from './story/given.ts'
export type * from './story/heard.ts'
export type * from './story/seen.ts'
export type * from './story/deeds.ts'
export type * from './story/github.ts'
