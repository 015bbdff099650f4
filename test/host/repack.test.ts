import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { READING_PRELUDE, WRITING_PRELUDE } from '../../lib/host/prelude.ts'

/** Packages of this machine, which every Debian has: with maintainer scripts and configuration, and with links. */
test.each(['passwd', 'libc-bin', 'bash'])('%s, made again from what is installed, is the package', (name) => {
  const folder = mkdtempSync(join(tmpdir(), 'kcharm-repack-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'kept', `${name}_1_.deb`)
  repack(name, file)
  expect(field(file, 'Package')).toBe(name)
  expect(field(file, 'Version')).toBe(sh(`dpkg-query -W -f '\${Version}' ${name}`))
  expect(field(file, 'Depends')).toBe(sh(`dpkg-query -W -f '\${Depends}' ${name}`))
  const scripts = sh(`dpkg-query --control-list ${name} | grep -v md5sums | sort`).split('\n')
  const kept = sh(`dpkg-deb --ctrl-tarfile '${file}' | tar -t | sed 's,^./,,' | grep -v -e '^$' -e '^control$' | sort`)
  expect(kept.split('\n')).toEqual(scripts)
  const installed = sh(
    `dpkg-query -L ${name} | while read -r f; do [ -d "$f" ] || [ ! -e "$f" ] || echo "$f"; done | sort`,
  )
  const files = sh(`dpkg-deb --fsys-tarfile '${file}' | tar -t | sed 's,^\\.,,' | grep -v '/$' | sort`)
  expect(files).toBe(installed)
  expect(existsSync(`${file}.kcharm-new`)).toBe(false)
})

test('a package that is not there leaves nothing, and says so', () => {
  const folder = mkdtempSync(join(tmpdir(), 'kcharm-repack-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'kept', 'none_1_.deb')
  expect(() => repack('no-such-package-here', file)).toThrow(/no-such-package-here cannot be kept/)
  expect(sh(`ls '${folder}/kept'`)).toBe('')
})

function repack(name: string, file: string): void {
  sh(`R=; ${READING_PRELUDE}${WRITING_PRELUDE}\nkc_repack ${name} '${file}'`)
}

function field(file: string, name: string): string {
  return sh(`dpkg-deb -f '${file}' ${name}`)
}

function sh(script: string): string {
  return execFileSync('sh', ['-c', script], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trimEnd()
}
