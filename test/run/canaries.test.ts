import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { startStandInNode } from '../../lib/lab/rootless/node.ts'
import { charms } from '../../charms/index.ts'
import { parseBundle } from '../../lib/model/bundle.ts'
import { maskValue } from '../../lib/report/mask.ts'
import { outcomeJson } from '../../lib/report/outcome-json.ts'
import { renderPlan } from '../../lib/report/plan-text.ts'
import { machineOpener } from '../../lib/run/open-machine.ts'
import { operate } from '../../lib/run/operate.ts'
import { blobProvider } from '../../lib/run/provide-blob.ts'
import { secretReader } from '../../lib/run/read-secret.ts'
import { savePlan } from '../../lib/run/saved-plan.ts'
import { deployBundle } from '../../lib/run/verbs/deploy-bundle.ts'
import { folderStore } from '../../lib/state/folder-store.ts'
import { makeKey, workspace } from '../ssh/workspace.ts'

const TOKEN = 'canary-token-8213'
const PASSWORD = 'canary-password-8213'
const LOGIN = 'canary-login-8213'
const SUDO = 'canary-sudo-8213'
const BASIC = Buffer.from(`me:${PASSWORD}`).toString('base64')
const CANARIES = [TOKEN, PASSWORD, LOGIN, SUDO, BASIC]

const BUNDLE = `applications:
  containerd:
    charm: containerd
    to: all
    options:
      http_proxy: env:PROXY
      registries:
        - host: docker.io
          mirrors:
            - { url: "https://a.example", token: "env:TOKEN" }
            - { url: "https://b.example", username: me, password: "command:cat ./password" }
`

test('no canary sings: not in arguments, environments, dumps, logs, journals, plans, records or files but its own', async () => {
  const folder = workspace()
  const key = makeKey(folder, 'user')
  const given = { name: 'n1', folder, base: 'trixie' as const, containerd: false }
  const node = await startStandInNode({
    ...given,
    hostKey: makeKey(folder, 'host').private,
    clientKey: key.public,
    shell: loginShell(folder),
  })
  onTestFinished(() => node.close())
  writeFileSync(join(folder, 'bin', 'sudo'), sudo(folder), { mode: 0o755 })
  const knownHosts = join(folder, 'known_hosts')
  writeFileSync(knownHosts, `${node.knownHostsLine}\n`)
  writeFileSync(join(folder, 'sudo-password'), SUDO, { mode: 0o600 })
  writeFileSync(join(folder, 'password'), PASSWORD, { mode: 0o600 })
  const where = {
    address: '127.0.0.1',
    ownAddress: '127.0.0.1',
    port: node.port,
    user: 'op',
    key: key.file,
    knownHosts,
  }
  const sudoPassword = `file:${join(folder, 'sudo-password')}`
  const machine = { name: 'n1', ...where, sudo: 'password' as const, sudoPassword, tags: [] }
  const text = BUNDLE.replace('./password', join(folder, 'password'))
  const terms = { inventory: { file: '/i', machines: [machine] }, bind: {}, resources: {}, options: {} }
  const verb = deployBundle(
    parseBundle(text, { file: 'test.yaml', charms }),
    { ...terms, lock: { resources: {} }, prune: false },
    charms,
  )
  const said: string[] = []
  const seen = { cmdline: new Set<string>(), environ: new Set<string>() }
  const dumps: string[] = []
  const look = setInterval(() => listen(seen), 15)
  const outcome = await operate(
    {
      store: folderStore(join(folder, 'state'), maskValue),
      name: 'test',
      charms,
      holder: 'the test',
      open: machineOpener({ say: (line) => said.push(line) }),
      provideBlob: blobProvider(),
      secret: secretReader({ PROXY: `http://me:${LOGIN}@proxy`, TOKEN }),
      follow: (_machine, event) => {
        said.push(JSON.stringify(event))
        listen(seen)
        if (event.kind === 'change' && dumps.length < 2) dumps.push(JSON.stringify(process.report.getReport()))
      },
    },
    verb,
  ).finally(() => clearInterval(look))
  expect(outcome.units.map(({ status, message }) => `${status} ${message}`).join()).toMatch(/^active /)
  expect(readFileSync(join(folder, 'root/tmp/sudo.log'), 'utf8')).toMatch(/^ok\n/)
  said.push(
    renderPlan({ model: 'test', plans: outcome.plans, failed: [] }),
    JSON.stringify(outcomeJson('test', outcome, undefined)),
    JSON.stringify(savePlan(outcome, { title: verb.title, version: '0', before: undefined, mask: maskValue })),
  )
  expect(dumps.length).toBeGreaterThan(0)
  expect(singing([...said, ...dumps, ...seen.cmdline, ...seen.environ])).toEqual([])
  expect([...seen.cmdline].filter((words) => words.includes('kcharm-go-')).length).toBeGreaterThan(0)
  const own = new Set(['sudo', 'sudo-password', 'password'].map((name) => (name === 'sudo' ? 'bin/sudo' : name)))
  const nests = filesBelow(folder).filter(
    (file) => !own.has(file) && singing([readFileSync(join(folder, file), 'latin1')]).length > 0,
  )
  expect(nests.toSorted()).toEqual(
    [
      'root/etc/containerd/certs.d/docker.io/hosts.toml',
      'root/etc/systemd/system/containerd.service.d/zz-kcharm.conf',
      ...backupsOf(folder),
    ].toSorted(),
  )
  for (const nest of nests) expect(statSync(join(folder, nest)).mode & 0o077, nest).toBe(0)
})

/** What kcharm keeps on the machine of the files that it wrote, for the way back. */
function backupsOf(folder: string): string[] {
  const backups = filesBelow(join(folder, 'root/var/lib/kcharm/backups')).map(
    (file) => `root/var/lib/kcharm/backups/${file}`,
  )
  return backups.filter((file) => singing([readFileSync(join(folder, file), 'latin1')]).length > 0)
}

/** A login that is not root: the node's mark, which makes sudo needless, is hidden from it. */
function loginShell(folder: string): string {
  const file = join(folder, 'login-shell')
  writeFileSync(file, '#!/bin/sh\nunset KCHARM_ROOT\nexec /bin/sh "$@"\n')
  chmodSync(file, 0o755)
  return file
}

/** Asks as sudo does, and takes one password. */
function sudo(folder: string): string {
  return `#!/bin/sh
[ "$1 $2" = '-S -p' ] || exit 1
printf %s "$3" >&2
read -r given
[ "$given" = ${SUDO} ] || exit 1
echo ok >>${join(folder, 'root')}/tmp/sudo.log
shift 3
KCHARM_ROOT=${join(folder, 'root')} exec "$@"
`
}

function listen({ cmdline, environ }: { cmdline: Set<string>; environ: Set<string> }): void {
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    for (const [file, seen] of Object.entries({ cmdline, environ })) {
      try {
        seen.add(readFileSync(`/proc/${pid}/${file}`, 'latin1').replaceAll('\0', ' '))
      } catch {
        // It has ended, or is somebody else's.
      }
    }
  }
}

function singing(texts: string[]): string[] {
  return texts.flatMap((text) =>
    CANARIES.filter((canary) => text.includes(canary)).map((canary) => `${canary}: ${text.slice(0, 300)}`),
  )
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
}
