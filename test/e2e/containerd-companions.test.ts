import { createHash } from 'node:crypto'
import { copyFile, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { packTar } from '../../lib/lab/archives/tar.ts'
import { buildContainerd2 } from '../../lib/lab/index.ts'
import { ensureRoot } from '../../lib/lab/roots/base-root.ts'
import { newOperator, type Operator } from './support/cli.ts'
import { runContainer } from './support/containerd.ts'
import { startLab, type TestLab } from './support/labs.ts'
import { changes, RECORDS, type Standing, standingOf, watched } from './support/standing.ts'

const NODE = 'bare'
let lab: TestLab
let operator: Operator
let before: Standing
let bundle: string

beforeAll(async () => {
  operator = await newOperator()
  lab = await startLab({ name: 'e2e-containerd-companions', nodes: [{ name: NODE }] })
  before = await standingOf(lab, NODE, RECORDS)
  bundle = await operator.write('bundle.yaml', await bundleText())
})

afterAll(async () => {
  await lab.down()
  await operator.leave()
})

test('a machine without runc runs a container on containerd and runc from their own files', async () => {
  await operator.json(0, 'deploy', bundle, '--inventory', lab.lab.inventory, '--yes')
  expect(await lab.sh(NODE, 'readlink -f "$(command -v runc)"')).toMatch(
    /^\/usr\/local\/lib\/kcharm\/runc-[0-9a-f]{12}\/runc$/,
  )
  expect(await runContainer(lab, NODE)).toMatch(/^process \d+ runs$/)
  expect(await lab.sh(NODE, '/opt/cni/bin/loopback')).toBe('a plugin')
})

test('a deploy more changes nothing', async () => {
  const done = await watched(lab, [NODE], () =>
    operator.json(0, 'deploy', bundle, '--inventory', lab.lab.inventory, '--yes'),
  )
  expect(done[NODE]).toMatchObject({ paths: [], restarts: 0 })
})

test('removal leaves nothing of them', async () => {
  await operator.json(0, 'remove', 'containerd', '--yes')
  expect(changes(before, await standingOf(lab, NODE, RECORDS))).toEqual([])
})

/** Debian's own runc as the file that its project publishes, and an archive laid out as that of the CNI plugins. */
async function bundleText(): Promise<string> {
  const root = await ensureRoot('trixie', { containerd: true, say: () => undefined })
  const runc = join(operator.folder, 'runc.amd64')
  await copyFile(join(root, 'usr/sbin/runc'), runc)
  const cni = join(operator.folder, 'cni-plugins-linux-amd64-v1.9.1.tgz')
  const plugins = ['loopback', 'bridge'].map((name) => {
    return { path: `./${name}`, file: '#!/bin/sh\necho a plugin\n', mode: 0o755 }
  })
  await writeFile(cni, gzipSync(packTar([{ path: '.' }, ...plugins])))
  const containerd = await buildContainerd2((line) => console.log(line))
  return `applications:
  containerd:
    charm: containerd
    to: ${NODE}
    options: { source: archive }
    resources:
      containerd: { path: ${containerd.path}, sha256: ${containerd.sha256} }
      runc: { path: ${runc}, sha256: ${await digestOf(runc)} }
      cni-plugins: { path: ${cni}, sha256: ${await digestOf(cni)} }
`
}

async function digestOf(file: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(file))
    .digest('hex')
}
