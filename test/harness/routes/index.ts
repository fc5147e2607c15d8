// Every operation the stand-in has, in one hand-written list.
import type { Route } from '../server/routing.ts'
import { appRoutes } from './app.ts'
import { checkRoutes } from './checks.ts'
import { contentsRoutes } from './contents.ts'
import { deliveryRoutes } from './deliveries.ts'
import { gitDataRoutes } from './git-data.ts'
import { issueRoutes } from './issues.ts'
import { pullRoutes } from './pulls.ts'
import { repositoryRoutes } from './repositories.ts'
import { reviewCommentRoutes } from './review-comments.ts'
import { reviewRoutes } from './reviews.ts'

export const routes: readonly Route[] = [
  ...appRoutes,
  ...deliveryRoutes,
  ...repositoryRoutes,
  ...contentsRoutes,
  ...gitDataRoutes,
  ...pullRoutes,
  ...reviewRoutes,
  ...reviewCommentRoutes,
  ...issueRoutes,
  ...checkRoutes,
]
