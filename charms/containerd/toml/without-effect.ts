import { leaves, parseToml } from './parse.ts'
import { tomlPath } from './render.ts'

/**
 * Settings of plugins in a main file that a daemon's own dump has nowhere: not under that name with that value in any table. A
 * later daemon prints an older file in its newest schema, where tables have other names and keys have kept theirs. Values that
 * say nothing (empty, zero, false) are left out.
 */
export function withoutEffect(main: { text: string; path: string }, dump: string): string[] {
  const there = new Set([...leaves(parseToml(dump, '`containerd config dump`'))].map((leaf) => named(...leaf)))
  return [...leaves(parseToml(main.text, main.path))]
    .filter(([key, value]) => pathOf(key)[0] === 'plugins' && saysSomething(value) && !there.has(renamed(key, value)))
    .map(([key]) => tomlPath(pathOf(key)))
}

function saysSomething(value: unknown): boolean {
  return Boolean(value) && !(Array.isArray(value) && value.length === 0)
}

/** What got another name with containerd 2 (its docs/cri/config.md; 2.1 for bin_dir). */
function renamed(key: string, value: unknown): string {
  switch (pathOf(key).at(-1)) {
    case 'sandbox_image':
      return named('["sandbox"', value)
    case 'bin_dir':
      return named('["bin_dirs"', [value])
    default:
      return named(key, value)
  }
}

function named(key: string, value: unknown): string {
  return JSON.stringify([pathOf(key).at(-1), value])
}

/** `leafKey`'s path. */
function pathOf(key: string): string[] {
  return JSON.parse(`${key}]`) as string[]
}
