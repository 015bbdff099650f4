import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { attempt, run } from './process.ts'

/** Where this machine has something mounted at or below a folder, deepest and newest first. */
export async function mountsBelow(folder: string): Promise<string[]> {
  const text = await readFile('/proc/self/mountinfo', 'utf8')
  const points = text.split('\n').flatMap((line) => line.split(' ').slice(4, 5).map(unescape))
  return points.filter((point) => point === folder || point.startsWith(`${folder}/`)).reverse()
}

/** Unmounts everything at or below a folder; what still holds a mount shortly after its processes ended gets some time. */
export async function unmountBelow(folder: string): Promise<void> {
  for (const point of await mountsBelow(folder)) {
    for (let tries = 0; (await attempt(['umount', point])).code !== 0; tries += 1) {
      if (tries === 50) await run(['umount', '--lazy', point])
      if (tries >= 50) break
      await sleep(50)
    }
  }
}

/** mountinfo writes blanks and backslashes as three octal digits. */
function unescape(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)))
}
