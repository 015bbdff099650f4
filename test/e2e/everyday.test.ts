import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { handlersInDump } from '../../charms/containerd/toml/index.ts'
import { MANIFEST } from '../../lib/host/shell.ts'
import { parseManifest } from '../../lib/lifecycle/manifest.ts'
import { makeStandInKata } from '../../lib/lab/index.ts'
import { terminal } from '../cli/tmux.ts'
import { aptHeld, refusesToStart } from './support/breaks.ts'
import { applications, RELATIONS } from './support/bundles.ts'
import { type Child, ended, newOperator, type Operator, ROOT, statusesIn } from './support/cli.ts'
import { type End, endOn, sessionEnded } from './support/ends.ts'
import { startLab, type TestLab } from './support/labs.ts'
import { changes, type Standing, standingOf } from './support/standing.ts'

const APPS = ['containerd', 'kata']

let lab: TestLab
/** By node. On `found` containerd runs before: that deploys faster. */
let operators: Record<'bare' | 'found', Operator>

beforeAll(async () => {
  lab = await startLab({
    name: 'e2e-everyday',
    nodes: [
      { name: 'bare', tags: ['package'] },
      { name: 'found', containerd: true },
    ],
  })
  operators = { bare: await newOperator(), found: await newOperator() }
})

afterAll(async () => {
  await lab.down()
  await Promise.all(Object.values(operators).map((operator) => operator.leave()))
})

describe('Ctrl-C while apt is at work', () => {
  let deploy: string[]
  let bare: Standing
  let undisturbed: End

  beforeAll(async () => {
    const operator = operators.bare
    const text = `${await applications(['package'])}relations:\n  - ${RELATIONS.package}\n`
    deploy = ['deploy', await operator.write('bundle.yaml', text), '--inventory', lab.lab.inventory, '--yes']
    bare = await standingOf(lab, 'bare')
    await operator.json(0, ...deploy)
    undisturbed = await endOn(lab, operator, { node: 'bare', apps: APPS })
    await removeAll()
  })

  test('once: what runs is finished, nothing else is begun, and the next deploy goes on to the same end', async () => {
    const { child, end, held } = await interrupted()
    expect(child.exitCode).toBe(null)
    await held.mend()
    const { status, stdout } = await end
    expect(status).toBe(130)
    expect(stdout).toMatch(/^bare +failed .*stopped by the user before its next step$/m)
    expect(await marks()).toEqual(['intent', 'done'])
    expect(await lab.sh('bare', 'dpkg-query -W -f "\\${Status}" containerd')).toBe('install ok installed')
    await goesOn()
  })

  test('twice: it ends while the step still runs, which comes to its end; the next deploy goes on to the same end', async () => {
    const { child, end, held } = await interrupted()
    child.kill('SIGINT')
    const { status, stdout } = await end
    expect([status, /^Machine/m.test(stdout)]).toEqual([130, false])
    expect(await marks()).toEqual(['intent'])
    expect((await lab.attempt('bare', 'test -e /usr/bin/containerd')).code).toBe(1)
    await held.mend()
    await sessionEnded(lab, 'bare')
    await goesOn()
  })

  /** A deploy whose first step waits, after the first Ctrl-C has been heard. */
  async function interrupted() {
    const held = aptHeld(lab, 'bare')
    await held.break()
    const child = operators.bare.start(...deploy)
    const end = ended(child)
    await lab.sh('bare', `timeout 30 sh -c 'until [ -e /run/held ]; do sleep 0.1; done'`)
    child.kill('SIGINT')
    await says(child, 'Stopping after the steps that run now; Ctrl-C again stops at once.')
    return { child, end, held }
  }

  async function goesOn(): Promise<void> {
    expect(statusesIn(await operators.bare.json(0, ...deploy))).toEqual(['containerd/0 active', 'kata/0 active'])
    expect(await endOn(lab, operators.bare, { node: 'bare', apps: APPS })).toEqual(undisturbed)
    await removeAll()
  }

  async function removeAll(): Promise<void> {
    for (const app of APPS.toReversed()) await operators.bare.json(0, 'remove', app, '--yes')
    expect(changes(bare, await standingOf(lab, 'bare'))).toEqual([])
  }

  /** The steps that the machine has in its record since the last deploy or removal that came to its end. */
  async function marks(): Promise<string[]> {
    const lines = parseManifest(await readFile(join(await lab.root('bare'), MANIFEST), 'utf8'))
    const open = lines.slice(lines.findLastIndex(({ t }) => t === 'end') + 1)
    return open.flatMap((line) => (line.t === 'intent' || line.t === 'done' ? [line.t] : []))
  }
})

describe('on a machine whose containerd was there before', () => {
  let operator: Operator
  let files: Record<'base' | 'kata' | 'clh' | 'apart', string>

  beforeAll(async () => {
    operator = operators.found
    const { path, sha256 } = await makeStandInKata()
    const kata = `{ charm: kata, options: { preflight: warn }, resources: { kata: { path: ${path}, sha256: '${sha256}' } } }`
    files = {
      base: await operator.write('bundle.yaml', 'applications: { containerd: { charm: containerd, to: found } }\n'),
      kata: await operator.write('kata.yaml', `applications:\n  kata: ${kata}\nrelations:\n  - ${RELATIONS.package}\n`),
      clh: await operator.write('clh.yaml', 'applications: { kata: { options: { shims: [clh] } } }\n'),
      apart: await operator.write('apart.yaml', `removed-relations:\n  - ${RELATIONS.package}\n`),
    }
  })

  const words = (...overlays: string[]) => {
    const more = overlays.flatMap((file) => ['--overlay', file])
    return ['deploy', files.base, ...more, '--inventory', lab.lab.inventory, '--yes']
  }

  /** What the daemon has loaded besides runc, and whether Kata's files are there. */
  const kataOnNode = async () => {
    const handlers = Object.keys(handlersInDump(await lab.sh('found', 'containerd config dump')))
    const { code } = await lab.attempt('found', 'test -e /opt/kata')
    return { handlers: handlers.filter((name) => name !== 'runc'), files: code === 0 }
  }

  test('overlays add an application, say other options, and take a relation away', async () => {
    const { kata, clh, apart } = files
    const end = async (...overlays: string[]) => statusesIn(await operator.json(0, ...words(...overlays)))
    const [alone, both] = [['containerd/0 active'], ['containerd/0 active', 'kata/0 active']]
    expect([await end(), await kataOnNode()]).toEqual([alone, { handlers: [], files: false }])
    expect([await end(kata), await kataOnNode()]).toEqual([both, { handlers: ['kata-qemu'], files: true }])
    expect([await end(kata, clh), await kataOnNode()]).toEqual([both, { handlers: ['kata-clh'], files: true }])
    await operator.json(0, 'unrelate', 'kata', 'containerd', '--yes')
    expect([await end(kata, apart), await kataOnNode()]).toEqual([alone, { handlers: [], files: false }])
  })

  test('wait-for, beside a deploy, ends when the unit is there; at once when what it waits for is in error', async () => {
    const deploy = operator.start(...words(files.kata))
    const deployed = ended(deploy)
    await says(deploy, 'hook')
    const waited = await operator.run(
      'wait-for',
      'unit',
      'kata/0',
      '--query',
      'status==active && version==3.20.0',
      '--every',
      '1',
    )
    expect(waited).toEqual({ status: 0, stdout: 'unit kata/0: as it should be\n', stderr: '' })
    expect((await deployed).status).toBe(0)
    expect((await operator.run('wait-for', 'model', '--stable', '2', '--every', '1')).status).toBe(0)

    const picky = refusesToStart(lab, 'found')
    await picky.break()
    await operator.json(7, 'config', 'kata', 'shims=qemu,clh', '--yes')
    const error = await operator.run('wait-for', 'application', 'containerd', '--timeout', '300')
    expect(error).toMatchObject({
      status: 7,
      stderr: expect.stringContaining('application containerd is in error') as string,
    })
    const { stdout } = await operator.run('graph', '--format', 'mermaid')
    expect(stdout).toMatch(/\["containerd: error<br>containerd\/0 on found: error"\]:::bad$/m)
    await picky.mend()
    await operator.json(0, 'resolve', 'containerd/0', '--yes')
    expect((await operator.run('wait-for', 'model', '--every', '1')).status).toBe(0)
  })

  test('a graph of what runs there', async () => {
    const file = join(operator.folder, 'model.svg')
    expect((await operator.run('graph', '-o', file)).status).toBe(0)
    const svg = await readFile(file, 'utf8')
    const words = ['containerd/0 on found: active', 'kata/0 on found: active', 'runtime-handlers']
    expect(words.filter((each) => svg.includes(each))).toEqual(words)
  })

  test.each([
    ['bash', ['bash', '--norc', '-i'], 'source <(kcharm completion bash)'],
    ['zsh', ['zsh', '-f', '-i'], 'autoload -Uz compinit && compinit -D; source <(kcharm completion zsh)'],
    ['fish', ['fish', '--no-config', '-i'], 'kcharm completion fish | source'],
  ])('%s completes units and machines of the model at its prompt', async (_name, shell, source) => {
    const bin = join(operator.folder, 'bin')
    await mkdir(bin, { recursive: true })
    await writeFile(join(bin, 'kcharm'), `#!/bin/sh\nexec ${process.execPath} ${ROOT}/bin/run.cjs "$@"\n`, {
      mode: 0o755,
    })
    const env = { KCHARM_STATE: operator.state, PATH: `${bin}:${process.env['PATH']}`, HOME: operator.folder }
    const screen = await terminal(shell, { cwd: operator.folder, env })
    await screen.type(source, 'Enter', "clear; echo re''ady", 'Enter')
    await screen.until(/^ready$/)
    await screen.type('kcharm show-unit k', 'Tab')
    await screen.until(/kcharm show-unit kata\/0/)
    await screen.type('C-u', 'kcharm show-machine f', 'Tab')
    await screen.until(/kcharm show-machine found/)
  })
})

/** Waits until a started kcharm has said this on standard error. */
function says(child: Child, words: string): Promise<void> {
  let text = ''
  return new Promise((resolve, reject) => {
    child.once('close', () => reject(new Error(`it ended without saying: ${words}\n${text}`)))
    child.stderr.on('data', (part: Buffer) => {
      text += part.toString()
      if (text.includes(words)) resolve()
    })
  })
}
