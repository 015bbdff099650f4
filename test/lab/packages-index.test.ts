import { expect, test } from 'vitest'
import { renderPackages } from '../../lib/lab/roots/packages-index.ts'

test('an index has a stanza per package with where it is and what it must be', () => {
  const control = 'Package: tool\nVersion: 1:2.3-1\nArchitecture: amd64\nDescription: a tool\n that does\n'
  expect(
    renderPackages([
      { file: 'tool_2.3-1_amd64.deb', bytes: Buffer.from('abc'), control },
      { file: 'b.deb', bytes: Buffer.from(''), control: 'Package: b\n' },
    ]),
  ).toBe(
    `Package: tool
Version: 1:2.3-1
Architecture: amd64
Description: a tool
 that does
Filename: ./tool_2.3-1_amd64.deb
Size: 3
SHA256: ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad

Package: b
Filename: ./b.deb
Size: 0
SHA256: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
`,
  )
})
