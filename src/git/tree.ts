// The door to trees: what one is, and the four kinds there are, and listings that are remembered.
export { everyFile, fileAt, type FileList, type TreeFile } from './trees/file-list.ts'
export { filesAt, listingOf, type Tree } from './trees/tree.ts'
export { gitTree } from './trees/git-tree.ts'
export { directoryTree } from './trees/directory-tree.ts'
export { workingTree } from './trees/working-tree.ts'
export { overlayTree } from './trees/overlay-tree.ts'
export { createListings, type Listings } from './trees/listings.ts'
export { isUnreadable } from './path-text.ts'
