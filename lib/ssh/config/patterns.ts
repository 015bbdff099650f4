/** `*` and `?`, as ssh_config(5) says in PATTERNS; case counts. */
export function matchesPattern(pattern: string, text: string): boolean {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.')
  return new RegExp(`^${source}$`, 's').test(text)
}

/** A pattern list: one that matches is needed, and none with `!` may. */
export function matchesPatterns(patterns: string[], text: string): boolean {
  const hits = patterns.filter((pattern) => matchesPattern(pattern.replace(/^!/, ''), text))
  return hits.length > 0 && !hits.some((pattern) => pattern.startsWith('!'))
}

/** A list with commas, as `Match` and known_hosts have it; names of hosts are compared in lower case. */
export function matchesList(list: string, text: string, { host = false } = {}): boolean {
  return host
    ? matchesPatterns(list.toLowerCase().split(','), text.toLowerCase())
    : matchesPatterns(list.split(','), text)
}
