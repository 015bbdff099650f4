import { describe, expect, test } from 'vitest'
import { readConfig, renderDropIn, setImport } from '../../../../charms/containerd/toml/index.ts'
import { DROP_IN, MAIN } from './fixtures.ts'

const KATA = { name: 'kata.v1', runtimeType: 'io.containerd.kata.v2', runtimePath: '/opt/shim', configPath: '/c.toml' }
const IMPORT = '"/etc/containerd/conf.d/*.toml"'

function dropIn(main: string, wish: Parameters<typeof renderDropIn>[1]): string {
  return renderDropIn(readConfig(main, { path: MAIN, daemon: '2.3.7' }), wish)
}

describe('the drop-in', () => {
  test('has the version of the main file and the plugins of that version', () => {
    const wish = { handlers: [KATA], restrictOom: true as const, pauseImage: 'p:1', systemdCgroup: true }
    expect(dropIn('version = 4\n', wish)).toBe(`# Written by kcharm, which overwrites it.
version = 4
[plugins."io.containerd.cri.v1.runtime"]
  restrict_oom_score_adj = true
[plugins."io.containerd.cri.v1.runtime".containerd.runtimes."kata.v1"]
  runtime_type = "io.containerd.kata.v2"
  runtime_path = "/opt/shim"
[plugins."io.containerd.cri.v1.runtime".containerd.runtimes."kata.v1".options]
  ConfigPath = "/c.toml"
[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc.options]
  SystemdCgroup = true
[plugins."io.containerd.cri.v1.images".pinned_images]
  sandbox = "p:1"
`)
    expect(dropIn('version = 2\n', { handlers: [], restrictOom: true, pauseImage: 'p:1' })).toBe(
      `# Written by kcharm, which overwrites it.
version = 2
[plugins."io.containerd.grpc.v1.cri"]
  restrict_oom_score_adj = true
  sandbox_image = "p:1"
`,
    )
  })

  test('goes where a schema 2 file with both plugins is read', () => {
    const main = `version = 2\n[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.crun]\nruntime_type = "x"\n`
    expect(dropIn(main, { handlers: [KATA] })).toContain(
      '"io.containerd.cri.v1.runtime".containerd.runtimes."kata.v1"]',
    )
  })

  test('refuses a handler that the main file has', () => {
    const main = `version = 3\n[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.'kata.v1']\nruntime_type = "x"\n`
    expect(() => dropIn(main, { handlers: [KATA] })).toThrow(`${MAIN}:2: the handler kata.v1 is there and not kcharm's`)
  })
})

describe('the import', () => {
  test.each([
    [
      'a line below the version',
      '# x\nversion = 3 # y\nroot = "/r"\n',
      `# x\nversion = 3 # y\nimports = [${IMPORT}] # kcharm\nroot = "/r"\n`,
    ],
    ['a line after a version without a line end', 'version = 3', `version = 3\nimports = [${IMPORT}] # kcharm`],
    ['an item of an empty list', 'version = 3\nimports = []\n', `version = 3\nimports = [${IMPORT}, # kcharm\n]\n`],
    [
      'the first item of a list',
      'imports = ["/a"]\r\nversion = 3\r\n',
      `imports = [${IMPORT}, # kcharm\r\n"/a"]\r\nversion = 3\r\n`,
    ],
  ])('is %s', (_what, text, with_) => {
    expect(setImport(text, DROP_IN, { path: MAIN, present: true })).toBe(with_)
    expect(setImport(with_, DROP_IN, { path: MAIN, present: true })).toBe(with_)
    expect(setImport(with_, DROP_IN, { path: MAIN, present: false })).toBe(text)
  })

  test.each(['/etc/containerd/conf.d/*.toml', 'conf.d/*.toml', '/etc/containerd/*/*.toml', './conf.d/50-*', DROP_IN])(
    'is not needed beside %s',
    (pattern) => {
      const text = `version = 3\nimports = ["${pattern}"]\n`
      expect(setImport(text, DROP_IN, { path: MAIN, present: true })).toBe(text)
      expect(setImport(text, DROP_IN, { path: MAIN, present: false })).toBe(text)
    },
  )

  test.each([
    '/etc/containerd/*.toml',
    '/etc/containerd/conf.d/99-*.toml',
    '/etc/containerd/conf.d/5?-kcharm.toml',
    '/etc/containerd/confxd/*.toml',
  ])('is needed beside %s', (pattern) => {
    const text = `version = 3\nimports = ["${pattern}"]\n`
    expect(setImport(text, DROP_IN, { path: MAIN, present: true })).toContain(IMPORT)
  })

  /** kata.md section 9: confidential-containers/operator#481 (loops of install and uninstall spoilt the list). */
  test.each([
    'version = 3\n',
    'version = 3\nimports = ["/a.toml",\n  "/b.toml"] # mine\n[debug]\n',
    'imports = []\r\nversion = 3\r\n',
  ])('ten times in and out again leaves %j as it was', (text) => {
    const turned = (so: string, present: boolean) => setImport(so, DROP_IN, { path: MAIN, present })
    const once = turned(text, true)
    expect(turned(once, true)).toBe(once)
    const after = Array.from({ length: 10 }).reduce<string>((so) => turned(turned(so, true), false), text)
    expect(after).toBe(text)
  })

  test('leaves what a hand added to its line', () => {
    const text = `version = 3\nimports = [${IMPORT}, "/mine.toml"] # kcharm\n`
    expect(setImport(text, DROP_IN, { path: MAIN, present: false })).toBe('version = 3\nimports = ["/mine.toml"]\n')
  })

  test.each([
    ['without a version', 'root = "/r"\n'],
    ['with imports that are no list', 'version = 3\nimports = "x"\n'],
  ])('is refused for a file %s', (_what, text) => {
    expect(() => setImport(text, DROP_IN, { path: MAIN, present: true })).toThrow('has no `version` line, or imports')
  })
})
