import { createHash } from 'node:crypto'
import { mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { KcharmError } from '../../errors/index.ts'
import type { Say } from '../types.ts'
import { withLock } from '../lock.ts'
import { labCache } from '../paths.ts'
import { attempt, run } from '../process.ts'
import type { BuiltArchive } from './stand-in-kata.ts'
import { packTar } from './tar.ts'

const VERSION = '2.3.7'
const MODULE = 'github.com/containerd/containerd/v2'
const PROGRAMS = ['containerd', 'containerd-shim-runc-v2', 'ctr'] // the official archive's, in its order

/**
 * Builds containerd 2 from its Go module into an archive laid out as the official ones; minutes the first time, then nothing.
 * Needs Go, whose own module and build caches it uses; without it a KcharmError('lab').
 */
export function buildContainerd2(say: Say): Promise<BuiltArchive> {
  const folder = join(labCache(), 'containerd2')
  const path = join(folder, `containerd-${VERSION}-linux-${goArch()}.tar.gz`)
  return withLock(`build ${path}`, async () => {
    if (!(await stat(path).catch(() => undefined))) {
      say(`building containerd ${VERSION} from its Go module (once, a few minutes)`)
      await mkdir(folder, { recursive: true })
      await compile(folder)
      await writeFile(`${path}.new`, await pack(folder))
      await rename(`${path}.new`, path)
    }
    return {
      path,
      sha256: createHash('sha256')
        .update(await readFile(path))
        .digest('hex'),
    }
  })
}

async function compile(folder: string): Promise<void> {
  const go = await attempt(['go', 'version'])
  if (go.code !== 0)
    throw new KcharmError('lab', 'building containerd needs the program go, which is not here', {
      hint: 'https://go.dev/dl',
    })
  const env = { GOFLAGS: '-mod=mod -trimpath -buildvcs=false', GOTOOLCHAIN: 'local', CGO_ENABLED: '0' }
  const options = { cwd: folder, env, nice: true }
  // The module becomes what an empty module requires, so that its own requirements decide all versions.
  await writeFile(join(folder, 'go.mod'), 'module kcharm.test/containerd2\n\ngo 1.24\n')
  await run(['go', 'mod', 'edit', '-require', `${MODULE}@v${VERSION}`], options)
  const linker = `-s -w -X ${MODULE}/version.Version=v${VERSION}`
  const packages = PROGRAMS.map((name) => `${MODULE}/cmd/${name}`)
  await run(
    ['go', 'build', '-tags', 'no_btrfs', '-ldflags', linker, '-o', `${join(folder, 'bin')}/`, ...packages],
    options,
  )
}

async function pack(folder: string): Promise<Buffer> {
  const programs = await Promise.all(
    PROGRAMS.map(async (name) => ({
      path: `bin/${name}`,
      mode: 0o755,
      file: await readFile(join(folder, 'bin', name)),
    })),
  )
  return promisify(gzip)(packTar([{ path: 'bin' }, ...programs]))
}

function goArch(): string {
  return process.arch === 'x64' ? 'amd64' : process.arch
}
