// The door of the yaml room: cut, read, locate, patch, write.

export { splitDocuments } from './documents.ts'
export { TOO_ALIASED } from './limits.ts'
export { locate } from './locate.ts'
export { patchDocument } from './patch.ts'
export { readDocument } from './read.ts'
export { writeDocument } from './write.ts'
