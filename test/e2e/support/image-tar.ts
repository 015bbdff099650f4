import { createHash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { packTar } from '../../../lib/lab/archives/tar.ts'
import type { TestLab } from './labs.ts'

export interface SmallImage {
  /** With its registry: `docker.io/example/pause:7`. */
  name: string
  program: { path: string; bytes: string | Buffer }
  entrypoint?: string[]
}

/** Brings an image of one program, as `docker save` would write it, to where the CRI of this node looks. */
export async function importImage(lab: TestLab, node: string, image: SmallImage): Promise<void> {
  await writeFile(join(await lab.root(node), 'root/image.b64'), imageTar(image).toString('base64'))
  await lab.sh(node, 'base64 -d /root/image.b64 | ctr -n k8s.io images import -; rm /root/image.b64')
}

function imageTar({ name, program, entrypoint }: SmallImage): Buffer {
  const layer = packTar([{ path: program.path, file: program.bytes, mode: 0o755 }])
  const config = JSON.stringify({
    architecture: 'amd64',
    os: 'linux',
    config: entrypoint ? { Entrypoint: entrypoint } : {},
    rootfs: { type: 'layers', diff_ids: [`sha256:${createHash('sha256').update(layer).digest('hex')}`] },
  })
  const manifest = JSON.stringify([{ Config: 'config.json', RepoTags: [name], Layers: ['layer.tar'] }])
  return packTar([
    { path: 'layer.tar', file: layer },
    { path: 'config.json', file: config },
    { path: 'manifest.json', file: manifest },
  ])
}
