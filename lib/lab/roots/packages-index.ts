import { createHash } from 'node:crypto'

/** A .deb as its repository lists it. */
export interface Deb {
  /** From the repository's top. */
  file: string
  bytes: Buffer
  /** Its control stanza, as `dpkg-deb -f` prints it. */
  control: string
}

/** The file `Packages` of a flat apt repository (deb-override free: what `dpkg-scanpackages .` writes). */
export function renderPackages(debs: readonly Deb[]): string {
  return debs
    .map(({ file, bytes, control }) => {
      const digest = createHash('sha256').update(bytes).digest('hex')
      return `${control.trim()}\nFilename: ./${file}\nSize: ${bytes.length}\nSHA256: ${digest}\n`
    })
    .join('\n')
}
