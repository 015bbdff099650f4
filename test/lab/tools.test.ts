import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { run } from '../../lib/lab/process.ts'
import { ensureTools } from '../../lib/lab/tools.ts'

const PATH = process.env['PATH']

beforeEach(() => {
  vi.spyOn(process, 'platform', 'get').mockReturnValue('linux')
})

afterEach(() => {
  process.env['PATH'] = PATH
  vi.restoreAllMocks()
})

const say = (line: string): never => {
  throw new Error(`unexpected: ${line}`)
}

test('somebody else than root is told of the nodes that need no root', async () => {
  vi.spyOn(process, 'getuid').mockReturnValue(1000)
  await expect(ensureTools('nspawn', say)).rejects.toMatchObject({
    code: 'lab',
    detail: { hint: expect.stringContaining('--rootless') },
  })
})

test('without apt-get the packages are named and nothing is tried', async () => {
  vi.spyOn(process, 'getuid').mockReturnValue(0)
  process.env['PATH'] = '/nonexistent'
  await expect(ensureTools('nspawn', say)).rejects.toMatchObject({
    code: 'lab',
    message: expect.stringContaining('openssh-client'),
  })
})

test('a system that is not Linux is refused', async () => {
  vi.spyOn(process, 'platform', 'get').mockReturnValue('darwin')
  await expect(ensureTools('nspawn', say)).rejects.toMatchObject({
    code: 'lab',
    message: expect.stringContaining('darwin'),
  })
})

test('a command that fails is told with its last words', async () => {
  await expect(run(['sh', '-c', 'echo this went wrong >&2; exit 3'])).rejects.toMatchObject({
    code: 'lab',
    message: 'a command ended with 3: sh -c echo this went wrong >&2; exit 3\nthis went wrong',
  })
  await expect(run(['no-such-program'])).rejects.toMatchObject({
    code: 'lab',
    message: expect.stringContaining('ended with 127'),
  })
})
