import { readFileSync } from 'node:fs'
import { askCri, field } from './cri.ts'
import { importImage } from './image-tar.ts'
import type { TestLab } from './labs.ts'

/** containerd 1.7.24's own (pkg/cri/config). */
const PAUSE = 'registry.k8s.io/pause:3.8'
const NODE_NETWORK = 2

/**
 * A pod sandbox as the kubelet asks for one, on the node's own network (`runtime.v1.RunPodSandboxRequest`, k8s.io/cri-api); its pause
 * program is a busybox. Gives the sandbox's id.
 */
export async function runPodSandbox(lab: TestLab, node: string, name: string): Promise<string> {
  const program = { path: 'bin/sleep', bytes: readFileSync('/bin/busybox') }
  await importImage(lab, node, { name: PAUSE, program, entrypoint: ['/bin/sleep', '1000000'] })
  const metadata = field(1, Buffer.concat([field(1, name), field(2, `uid-${name}`), field(3, 'default')]))
  const linux = field(8, field(2, field(1, field(1, NODE_NETWORK))))
  const message = field(1, Buffer.concat([metadata, linux]))
  const { answer, said } = await askCri(lab, node, { method: 'RuntimeService/RunPodSandbox', message })
  const id = /[0-9a-f]{64}/.exec(answer.toString('latin1'))?.[0]
  if (id === undefined) throw new Error(`no sandbox came up on ${node}: ${said}`)
  return id
}

/** Ends it as the kubelet does. */
export async function removePodSandbox(lab: TestLab, node: string, id: string): Promise<void> {
  for (const method of ['RuntimeService/StopPodSandbox', 'RuntimeService/RemovePodSandbox']) {
    const { said } = await askCri(lab, node, { method, message: field(1, id) })
    if (said !== '') throw new Error(`${method} on ${node}: ${said}`)
  }
}
