import { stat } from 'node:fs/promises'
import { KcharmError } from '../../errors/index.ts'

/** `nobody` and `nogroup` on Debian. */
export const NOBODY = 65534

/** Who the processes of a rootless node are: this user, or `nobody` when this user is root. */
export async function identity(root: string, user = process.getuid?.()): Promise<{ uid?: number; gid?: number }> {
  if (user !== 0) return {}
  const { uid } = await stat(root)
  if (uid === NOBODY) return { uid: NOBODY, gid: NOBODY }
  throw new KcharmError('lab', `a rootless node never runs as root: ${root} belongs to uid ${uid}`, {
    hint: `give the tree to nobody: chown -R ${NOBODY}:${NOBODY} ${root}`,
  })
}
