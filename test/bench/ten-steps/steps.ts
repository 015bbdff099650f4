/** What all three tools are told to see to. The package, the group and the user are those of every Debian. */
export const NAMES = { package: 'coreutils', group: 'daemon', user: 'daemon' }
export const FILES = [
  { path: '/opt/ten/one', text: 'the first file\n' },
  { path: '/opt/ten/two', text: 'the second file\n' },
]
export const TEMPLATE = { path: '/opt/ten/three', text: 'it says {{ greeting }}\n' }
export const LINES = '/opt/ten/lines'
export const LINE = 'a line of ours'
export const DOWNLOAD = 'what was downloaded\n'
