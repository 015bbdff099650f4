import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type Completable, completions } from '../../lib/cli/complete.ts'
import { ROOT, shell } from './kcharm.ts'
import { lab, LAB } from './lab.ts'

const flags = {
  json: { type: 'boolean' },
  model: { type: 'option', char: 'm' },
  format: { type: 'option', options: ['tabular', 'yaml'] },
  secret: { type: 'boolean', hidden: true },
}
const COMMANDS: Completable[] = [
  { id: 'status', args: {}, flags },
  { id: 'deploy', args: { what: {} }, flags },
  { id: 'deploy:bundle', args: { bundle: {} }, flags },
  { id: 'lab:up', args: { name: {} }, flags },
  { id: 'config', args: { app: {}, option: {} }, flags },
  { id: 'wait-for', args: { kind: { options: ['model', 'unit'] }, name: {} }, flags },
  { id: 'run', args: {}, flags },
  { id: 'complete', hidden: true, args: {}, flags },
]
const NAMES = {
  applications: ['containerd', 'kata'],
  units: ['containerd/0', 'kata/0'],
  machines: ['n1'],
  models: ['default', 'tour'],
  charms: ['kata'],
}
const complete = (line: string) => completions(line.split(' '), COMMANDS, NAMES)

test.each([
  ['', ['config', 'deploy', 'lab', 'run', 'status', 'wait-for']],
  ['st', ['status']],
  ['lab ', ['up']],
  ['deploy b', ['bundle']],
  ['deploy bundle x', []],
  ['status --', ['--format', '--json', '--model']],
  ['status --format ', ['tabular', 'yaml']],
  ['status --model t', ['tour']],
  ['status -m ', ['default', 'tour']],
  ['config ', ['containerd', 'kata']],
  ['config kata x', []],
  ['config -m tour k', ['kata']],
  ['config --json k', ['kata']],
  ['wait-for ', ['model', 'unit']],
  ['wait-for unit k', ['kata', 'kata/0']],
  ['run ', ['containerd/0', 'kata/0']],
  ['run kata/0 con', ['containerd/0']],
  ['nobody ', []],
])('%j', (line, words) => {
  expect(complete(line)).toEqual(words)
})

describe('in a real shell', () => {
  test.each([
    [
      'bash',
      'source <(kcharm completion bash); COMP_WORDS=(kcharm remove k); COMP_CWORD=2; _kcharm; printf "%s\\n" "${COMPREPLY[@]}"',
    ],
    ['fish', 'kcharm completion fish | source; complete -C "kcharm remove k" | cut -f 1'],
    [
      'zsh',
      'compdef() { :; }; compadd() { shift; eval "print -l \\$$1"; }; source <(kcharm completion zsh); words=(kcharm remove k); CURRENT=3; _kcharm',
    ],
  ])('%s completes the names of the model', async (program, script) => {
    const { kcharm, deploy, folder } = await lab()
    await kcharm('deploy', LAB, ...deploy, '--yes')
    const bin = join(folder, 'bin')
    mkdirSync(bin)
    writeFileSync(join(bin, 'kcharm'), `#!/bin/sh\nexec ${process.execPath} ${join(ROOT, 'bin/run.cjs')} "$@"\n`)
    chmodSync(join(bin, 'kcharm'), 0o755)
    const env = {
      ...process.env,
      KCHARM_STATE: join(folder, 'state'),
      PATH: `${bin}:${process.env['PATH']}`,
      HOME: folder,
    }
    const answer = (text: string) => execFileSync(program, ['-c', text], { env, encoding: 'utf8', cwd: folder })
    expect(answer(script).trim().split('\n')).toEqual(['kata', 'kata/0'])
    if (program === 'fish') expect(answer(script.replace('remove k', 'plan inv'))).toBe('inventory.yaml\n')
  })
})

test('without a model there is nothing to name, and nothing fails', async () => {
  const { kcharm } = shell()
  expect(await kcharm('complete', '--', 'remove', '')).toMatchObject({ status: 0, stderr: '' })
  expect((await kcharm('complete', '--', 'comp')).stdout).toBe('completion\n')
})
