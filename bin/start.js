#!/usr/bin/env node
// `npm start`: throwaway nodes, a bundle deployed on them, and what to try next. Every step is a command of kcharm.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const KCHARM = fileURLToPath(new URL('run.cjs', import.meta.url))
const NAME = 'tour' // of the lab and of its model: nothing that is deployed already is touched
const real = process.platform === 'linux' && process.getuid?.() === 0

console.log(
  real
    ? 'Three throwaway nodes: systemd containers on this machine, each with an SSH server. Debian packages that this needs and\nthis machine lacks are named before they are installed.\n'
    : 'Three throwaway nodes without root: folders with an SSH server and stand-ins for systemctl, apt-get and containerd.\nAs root on Linux they would be systemd machines with a real containerd.\n',
)
const { next } = JSON.parse(await kcharm(['lab', 'up', NAME, '--json', ...(real ? [] : ['--rootless'])], 'pipe'))
await kcharm([...next.split(' ').slice(1), '--yes'], 'inherit')
console.log(`
All of this is on this machine only. What to try next:

  alias kcharm=${KCHARM}
  export KCHARM_MODEL=${NAME}
  kcharm status                          the table above
  kcharm config kata shims=qemu,clh      one option: the plan first, with file diffs; then a yes
  kcharm unrelate kata containerd        the configuration is again what it was, with one restart
  kcharm diff                            is everything still as declared?
  kcharm debug-log                       what was done, in order
  kcharm lab down ${NAME}                   ends the nodes`)

/** Runs one command as it would be typed, shown before. Ends this process with it when it fails. */
async function kcharm(args, stdout) {
  console.log(`$ kcharm ${args.join(' ')}`)
  const child = spawn(process.execPath, [KCHARM, ...args], { stdio: ['inherit', stdout, 'inherit'] })
  let text = ''
  child.stdout?.on('data', (part) => (text += part))
  const [status] = await once(child, 'close')
  if (status !== 0) {
    process.stdout.write(text)
    process.exit(status ?? 1)
  }
  return text
}
