import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Machine } from '../../lib/model/declaration.ts'
import { rootlessNode } from '../ssh/rootless-node.ts'
import { workspace } from '../ssh/workspace.ts'
import { statuses, testOperator } from './operator.ts'

const GIBIBYTE = 2 ** 30

/** What each says in place of an answer; `$m` is the session's marker. */
const LIES: Record<string, { script: string; says: RegExp }> = {
  'a frame without a status': {
    script: `printf '%s[out%s]nothing\\n' "$m" "$m"; sleep 60`,
    says: /an answer ended without a status/,
  },
  'endless output': { script: 'exec yes', says: /endless output outside of any answer/ },
  'a gibibyte on one line': {
    script: `printf '%s[' "$m"; head -c ${GIBIBYTE} /dev/zero | tr '\\0' x; sleep 60`,
    says: /an answer of more than 67108864 bytes/,
  },
  'a gibibyte of complaints': {
    script: `printf '%s[' "$m"; printf '%s[' "$m" >&2; head -c ${GIBIBYTE} /dev/zero >&2; sleep 60`,
    says: /an answer of more than 67108864 bytes/,
  },
  'bytes that are no text': {
    script: `printf '%s[\\377\\376\\200%s]0\\n' "$m" "$m"; printf '%s[\\377%s]0\\n' "$m" "$m" >&2; sleep 60`,
    says: /did not answer the reading/,
  },
  silence: { script: 'sleep 60', says: /the shell did not answer within 20 s/ },
}

test('a machine that lies costs its own units only, in bounded memory', async () => {
  const operator = await testOperator(1)
  const liars = await Promise.all(Object.values(LIES).map(({ script }, at) => liar(`liar${at}`, script)))
  const inventory = { file: '/inventory.yaml', machines: [...operator.machines, ...liars] }
  const verb = operator.deploy('applications: { containerd: { charm: containerd, to: all } }', {
    inventory,
    resources: {},
  })
  const before = process.memoryUsage().rss
  let most = before
  const watch = setInterval(() => (most = Math.max(most, process.memoryUsage().rss)), 20)
  const outcome = await operator.run(verb).finally(() => clearInterval(watch))
  // Two of them may fill what one answer may hold, which the server of this process holds once more; the lies are two gibibytes.
  const grown = Math.round((most - before) / 2 ** 20)
  console.log(`lying machines: ${grown} MiB`)
  expect(grown).toBeLessThan(600)
  expect(statuses(outcome)).toContain('containerd/0 n1 active')
  const failed = Object.fromEntries(outcome.failed.map(({ machine, error }) => [machine, error]))
  expect(Object.keys(failed).toSorted()).toEqual(liars.map(({ name }) => name))
  for (const [at, [what, { says }]] of Object.entries(LIES).entries()) {
    expect(failed[`liar${at}`]?.code, what).toBe('connection')
    expect(failed[`liar${at}`]?.message, what).toMatch(says)
    expect(failed[`liar${at}`]?.message.length, what).toBeLessThan(1000)
  }
})

async function liar(name: string, script: string): Promise<Machine> {
  const shell = join(workspace(), 'liar')
  const marker = `while read -r l; do case $l in kcharm_marker=*) m=\${l#*=}; break;; esac; done`
  writeFileSync(shell, `#!/bin/sh\n${marker}\n${script}\n`, { mode: 0o755 })
  const { target } = await rootlessNode({ name, shell })
  const { host: address, port, user, key = '', knownHosts } = target
  return { name, address, ownAddress: address, port, user, key, knownHosts, tags: [] }
}
