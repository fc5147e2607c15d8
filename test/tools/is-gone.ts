// Whether a process has ended, for tests of what ends a process.
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

/** Waits up to a second for it. */
export async function isGone(pid: number): Promise<boolean> {
  for (let tries = 0; tries < 50; tries += 1) {
    try {
      process.kill(pid, 0)
      // A process that ended and that nobody has asked about is still listed.
      if (/^State:\s+Z/m.test(readFileSync(`/proc/${String(pid)}/status`, 'utf8'))) return true
    } catch {
      return true
    }
    await sleep(20)
  }
  return false
}
