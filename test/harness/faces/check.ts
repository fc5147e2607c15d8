// A check run as a story sees it: live getters over the record, and the buttons a person may press.
import { checkRunEvent, checkSuiteEvent } from '../model/events.ts'
import type { RunRecord } from '../model/records.ts'
import type { World } from '../model/world.ts'
import type { By, CheckRun, Delivery } from '../types.ts'

export function checkFace(world: World, run: RunRecord): CheckRun {
  const sender = ({ by = 'maintainer' }: By) => world.account(by)
  const send = (action: string, options: By, more = {}): Promise<Delivery> => {
    const { event, payload } = checkRunEvent(world, action, run, sender(options), more)
    return world.hooks.deliver(event, payload)
  }
  return {
    id: run.id,
    headSha: run.headSha,
    get name() {
      return run.name
    },
    get status() {
      return run.status
    },
    get conclusion() {
      return run.conclusion
    },
    get externalId() {
      return run.externalId
    },
    get detailsUrl() {
      return run.detailsUrl
    },
    get output() {
      return { title: run.title, summary: run.summary, text: run.text, annotations: run.annotations }
    },
    get actions() {
      return run.actions
    },
    get history() {
      return run.history
    },
    rerequest: (options = {}) => send('rerequested', options),
    rerequestSuite: async (options = {}) => {
      const { event, payload } = await checkSuiteEvent(world, 'rerequested', run.suite, sender(options))
      return world.hooks.deliver(event, payload)
    },
    requestAction: async (identifier, options = {}) => {
      // The buttons appear once the run is completed (docs: checks API).
      const shown = run.status === 'completed' ? run.actions.map((action) => action.identifier) : []
      if (!shown.includes(identifier)) {
        throw new Error(`the check run shows no button ${identifier}, only: ${shown.join(', ') || 'none'}`)
      }
      return send('requested_action', options, { requested_action: { identifier } })
    },
  }
}

/** The latest run of a name on a commit. */
export function latestRun(runs: readonly RunRecord[], headSha: string, name: string): RunRecord | undefined {
  return runs.filter((run) => run.headSha === headSha && run.name === name).at(-1)
}
