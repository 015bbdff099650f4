import { expect, test } from 'vitest'
import { testOperator } from './operator.ts'

const bundle = (option: string) => `
applications:
  containerd: { charm: containerd, to: all, options: { ${option} } }
`
const FILE = '/etc/systemd/system/containerd.service.d/zz-kcharm.conf'

test.each([
  ['with a proxy: a planned restart', 'https_proxy: "http://proxy:3128"', [`file:${FILE}`, 'svc:containerd']],
  ['without: nothing', 'limit_nofile: "1024"', []],
])('a machine more in the model, and the one of before %s', async (_name, option, expected) => {
  const on = await testOperator(2)
  const machines = on.machines.map((machine, index) => ({ ...machine, ownAddress: `10.0.0.${index + 1}` }))
  const deploy = (count: number) => {
    const inventory = { file: '/inventory.yaml', machines: machines.slice(0, count) }
    return on.run(on.deploy(bundle(option), { inventory, resources: {} }))
  }
  expect((await deploy(1)).failed).toEqual([])
  const { plans, failed } = await deploy(2)
  expect(failed).toEqual([])
  const changes = plans.find(({ machine }) => machine === 'n1')?.changes ?? []
  expect(changes.map(({ key }) => key)).toEqual(expected)
  expect(changes.filter(({ key }) => key.startsWith('file:')).map(({ texts, why }) => [texts?.after, why])).toEqual(
    expected
      .slice(1)
      .map(() => [
        expect.stringContaining(',10.0.0.1,10.0.0.2"'),
        'NO_PROXY names the machines of the model: one more or less changes it, and restarts containerd',
      ]),
  )
})
