import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, onTestFinished, vi } from 'vitest'
import { workspace } from '../ssh/workspace.ts'

const run = promisify(execFile)

export interface Terminal {
  /** Sends keys as tmux names them: `Tab`, `Enter`, `C-c`, or text. */
  type(...keys: string[]): Promise<void>
  /** The lines that stand on it, and above it when asked to; without blank ones at the end. Where a line was too wide it goes on in the next. */
  show(how?: { above?: boolean; joined?: boolean }): Promise<string[]>
  /** Waits, 30 s unless it says otherwise, until a line that stands on it matches. */
  until(line: RegExp, timeoutMs?: number): Promise<string[]>
  /** Nothing stands on it and above it any more. */
  clear(): Promise<void>
}

/** A shell on a real terminal of this size; ends with the test. */
export async function terminal(
  shell: string[],
  { columns = 100, rows = 30, cwd, env }: { columns?: number; rows?: number; cwd: string; env: Record<string, string> },
): Promise<Terminal> {
  const tmux = async (...args: string[]): Promise<string> => {
    const argv = ['-u', '-f', '/dev/null', '-S', join(socket, 'tmux'), ...args]
    return (await run('tmux', argv, { env: { ...process.env, LC_ALL: 'C.UTF-8', ...env } })).stdout
  }
  const socket = workspace()
  const size = ['-x', String(columns), '-y', String(rows)]
  await tmux('new-session', '-d', ...size, '-c', cwd, ...shell, ';', 'set', '-g', 'history-limit', '5000')
  onTestFinished(async () => void (await tmux('kill-server').catch(() => undefined)))
  const show: Terminal['show'] = async ({ above, joined } = {}) => {
    const text = await tmux('capture-pane', '-p', ...(above ? ['-S', '-'] : []), ...(joined ? ['-J'] : []))
    const lines = text.split('\n').map((line) => line.trimEnd())
    return lines.slice(0, lines.findLastIndex((line) => line !== '') + 1)
  }
  return {
    show,
    type: async (...keys) => void (await tmux('send-keys', ...keys)),
    async clear() {
      await tmux('send-keys', '-R')
      await tmux('clear-history')
    },
    async until(line, timeout = 30_000) {
      const found = async () => {
        const lines = await show()
        expect(lines.find((each) => line.test(each)) ?? lines.join('\n')).toMatch(line)
        return lines
      }
      return vi.waitFor(found, { timeout, interval: 50 })
    },
  }
}
