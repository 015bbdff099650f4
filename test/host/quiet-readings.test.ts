import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { READING_PRELUDE } from '../../lib/host/prelude.ts'
import { renderReadings } from '../../lib/host/step.ts'
import { SURROUNDINGS } from '../ssh/shells.ts'
import { listing } from './listing.ts'
import { testMachine } from './machine.ts'
import { everyReading } from './every-script.ts'

describe.each(SURROUNDINGS)('%s', (name) => {
  test('all readings of host objects and charms leave the machine as it was', async () => {
    const on = await testMachine(name)
    on.make({ kind: 'package', name: 'containerd' })
    on.make({ kind: 'service', name: 'containerd', reads: [] })
    writeFileSync(join(on.root, 'etc/thing'), 'x')
    mkdirSync(join(on.root, 'opt/thing/sub'), { recursive: true })
    symlinkSync('thing', join(on.root, 'opt/link'))
    const before = listing(on.root, { times: true })
    const { stdout } = on.sh(`${READING_PRELUDE}\n${renderReadings(everyReading(), 'marker')}`)
    expect(stdout.match(/^marker \d+$/gm)).toHaveLength(everyReading().length)
    expect(stdout).toMatch(/\nmarker end\n$/)
    expect(listing(on.root, { times: true })).toEqual(before)
  })
})

test('no reading makes or removes a file anywhere, also where the real apt-get answers it', () => {
  const folder = mkdtempSync(join(tmpdir(), 'kcharm-trace-'))
  onTestFinished(() => void execFileSync('rm', ['-rf', folder]))
  const script = `R=${folder}\n${READING_PRELUDE}\n${renderReadings(everyReading(), 'marker')}`
  const log = join(folder, 'trace')
  // A bash whose standard input is a socket takes itself for a login by rsh, and reads the user's .bashrc.
  for (const shell of [['dash'], ['bash', '--norc'], ['busybox', 'sh']]) {
    execFileSync('strace', [
      '-f',
      '-qq',
      '-e',
      'trace=openat,open,creat,mkdir,mkdirat,unlink,unlinkat,rename,renameat',
      '-o',
      log,
      ...shell,
      '-c',
      script,
    ])
    const opened = execFileSync('grep', ['-E', 'O_CREAT|creat\\(|mkdir|unlink|rename', log], { encoding: 'utf8' })
    expect(opened.split('\n').filter((line) => line !== '' && !line.includes('"/dev/null"'))).toEqual([])
  }
  expect(readdirSync(folder)).toEqual(['trace'])
})
