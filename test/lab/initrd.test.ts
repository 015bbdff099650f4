import { expect, test } from 'vitest'
import { inLoadOrder, packSeed } from '../../lib/lab/vm/initrd.ts'

const DEPENDENCIES = `kernel/drivers/virtio/virtio.ko.xz:
kernel/drivers/virtio/virtio_ring.ko.xz: kernel/drivers/virtio/virtio.ko.xz
kernel/drivers/block/virtio_blk.ko.xz: kernel/drivers/virtio/virtio_ring.ko.xz kernel/drivers/virtio/virtio.ko.xz
kernel/fs/jbd2/jbd2.ko.xz:
kernel/fs/ext4/ext4.ko.xz: kernel/fs/jbd2/jbd2.ko.xz
kernel/fs/other.ko.xz: kernel/fs/jbd2/jbd2.ko.xz
`

test('each module comes once, after what it needs; one that is part of the kernel is not named', () => {
  const names = inLoadOrder(DEPENDENCIES, ['virtio_pci', 'virtio_blk', 'ext4']).map((path) => path.split('/').at(-1))
  expect(names).toEqual(['virtio.ko.xz', 'virtio_ring.ko.xz', 'virtio_blk.ko.xz', 'jbd2.ko.xz', 'ext4.ko.xz'])
})

test('a node’s own files come with their folders before them, modes and owners as given', () => {
  const archive = packSeed([
    { path: 'etc/hostname', text: 'v1\n', mode: 0o644 },
    { path: 'home/op/.ssh/authorized_keys', text: 'key\n', mode: 0o600, owner: 1000 },
  ])
  expect(archive.length % 4).toBe(0)
  expect(unpack(archive)).toEqual([
    ...[
      ['seed', '40755', 0, ''],
      ['seed/etc', '40755', 0, ''],
      ['seed/home', '40755', 0, ''],
      ['seed/home/op', '40755', 1000, ''],
    ],
    ...[
      ['seed/home/op/.ssh', '40700', 1000, ''],
      ['seed/etc/hostname', '100644', 0, 'v1\n'],
      ['seed/home/op/.ssh/authorized_keys', '100600', 1000, 'key\n'],
    ],
  ])
})

/** Path, mode (octal), owner and text of each entry of a cpio archive of the newc form. */
function unpack(archive: Buffer): [string, string, number, string][] {
  const entries: [string, string, number, string][] = []
  const up = (n: number): number => Math.ceil(n / 4) * 4
  for (let at = 0; ;) {
    expect(archive.toString('latin1', at, at + 6)).toBe('070701')
    const field = (i: number): number =>
      Number.parseInt(archive.toString('latin1', at + 6 + i * 8, at + 14 + i * 8), 16)
    const path = archive.toString('latin1', at + 110, at + 110 + field(11) - 1)
    if (path === 'TRAILER!!!') return entries
    const body = up(at + 110 + field(11))
    entries.push([path, field(1).toString(8), field(2), archive.toString('utf8', body, body + field(6))])
    at = up(body + field(6))
  }
}
