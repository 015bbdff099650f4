import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { newOperator, type Operator } from './support/cli.ts'
import { startLab, type TestLab } from './support/labs.ts'

let lab: TestLab
let operator: Operator
let deploy: string[]

beforeAll(async () => {
  operator = await newOperator()
  lab = await startLab({ name: 'e2e-hung', nodes: [{ name: 'n1' }] })
  const bundle = await operator.write('bundle.yaml', 'applications: { containerd: { charm: containerd, to: all } }\n')
  deploy = ['deploy', 'bundle', bundle, '--inventory', lab.lab.inventory, '--model', 'hung', '--yes']
})

afterEach(() => {
  vi.unstubAllEnvs()
})

afterAll(async () => {
  await lab.down()
  await operator.leave()
})

test('a package manager that hangs under its lock is ended with all below it, and the next run installs', async () => {
  const hook = '/etc/apt/apt.conf.d/99hangs'
  await lab.sh('n1', `echo 'DPkg::Pre-Install-Pkgs { "trap : TERM; while :; do sleep 543; done"; };' >${hook}`)
  vi.stubEnv('KCHARM_DEADLINE', '40')
  const { units } = await operator.json(7, ...deploy)
  const says =
    /^install containerd .*: not done after 40 s, so it was ended: apt-get .* in it sleep 543 \(process \d+\); the machine now shows none$/
  expect(units).toMatchObject([
    { unit: 'containerd/0', status: 'error', message: expect.stringMatching(says) as string },
  ])
  await free()
  vi.unstubAllEnvs()
  await lab.sh('n1', `rm ${hook}`)
  await operator.json(0, ...deploy)
  expect(await lab.sh('n1', 'systemctl is-active containerd')).toBe('active')
})

test('a service that never comes up is ended waiting for, and the next run starts it', async () => {
  const folder = '/run/systemd/system/containerd.service.d'
  const text = '[Service]\\nTimeoutStartSec=infinity\\nExecStartPre=/bin/sleep infinity\\n'
  await lab.sh('n1', `mkdir -p ${folder} && printf '${text}' >${folder}/hangs.conf && systemctl daemon-reload`)
  const config = ['config', 'containerd', 'restrict_oom_score_adj=false', '--model', 'hung', '--yes']
  vi.stubEnv('KCHARM_DEADLINE', '15')
  const { units } = await operator.json(7, ...config)
  const says = /containerd: not done after 15 s, so it was ended: systemctl restart containerd \(process \d+\)/
  expect(units).toMatchObject([
    { unit: 'containerd/0', status: 'error', message: expect.stringMatching(says) as string },
  ])
  await free()
  vi.unstubAllEnvs()
  await lab.sh('n1', `rm -r ${folder} && systemctl daemon-reload`)
  await operator.json(0, ...deploy)
  expect(await lab.sh('n1', 'systemctl is-active containerd')).toBe('active')
})

/** Nobody holds the machine or its package manager, and nothing of the step is left. */
async function free(): Promise<void> {
  const left =
    'pgrep -a "^(apt|apt-get|dpkg)$"; pgrep -af "[s]leep 543"; pgrep -af "[s]ystemctl restart"; ls /run/kcharm/lock 2>/dev/null'
  expect(await lab.sh('n1', `${left}; true`)).toBe('')
}
