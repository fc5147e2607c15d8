// The door of the GitHub stand-in: a real HTTP server on loopback over real git repositories. It knows no
// test runner, so that the demo can use it as well as the stories.
export { startGitHub } from './github.ts'
export type * from './types.ts'
