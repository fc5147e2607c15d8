// The stage of the demo and of its pictures: the real app as a server on loopback, a stand-in for GitHub over real
// git repositories, and nothing that outlives the scene.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { impatientOctokit } from '../src/github/api/app.ts'
import { startServer } from '../src/app.ts'
import { readSettings } from '../src/ops/settings.ts'
import { startGitHub } from '../test/harness/index.ts'
import type { GitHub } from '../test/harness/index.ts'

export interface Stage {
  readonly github: GitHub
  /** Does something, and waits for everything that follows from it: jobs, and the webhooks that the app's writes cause. */
  settle(act: () => Promise<unknown>): Promise<void>
}

/** Plays a scene; fails where the app asked for anything that GitHub would not understand. */
export async function onStage(scene: (stage: Stage) => Promise<void>): Promise<void> {
  const cache = mkdtempSync(join(tmpdir(), 'ambient-guard-demo-'))
  const github = await startGitHub()
  try {
    const read = readSettings(
      {
        APP_ID: String(github.appId),
        PRIVATE_KEY: github.privateKey,
        WEBHOOK_SECRET: github.webhookSecret,
        GHE_HOST: github.host,
        GHE_PROTOCOL: 'http',
        PORT: '0',
        CACHE_DIR: cache,
        LOG_LEVEL: 'error',
      },
      () => null,
    )
    if (!read.ok) throw new Error(read.mistakes.join('; '))
    const server = await startServer(read.settings, { octokit: impatientOctokit })
    github.deliverTo(`${server.url}/api/github/webhooks`)
    try {
      await scene({
        github,
        async settle(act) {
          await act()
          for (let round = 0; round < 3; round += 1) {
            await server.idle()
            await github.settled()
          }
        },
      })
    } finally {
      github.deliverTo(null)
      await server.stop()
    }
    github.assertClean()
  } finally {
    await github.close()
    rmSync(cache, { recursive: true, force: true })
  }
}
