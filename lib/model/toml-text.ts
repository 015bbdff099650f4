/** A value that is no table as TOML writes it, on one line. JSON's strings are TOML's, but for one control character that JSON leaves as it is. */
export function tomlScalar(value: unknown): string {
  return JSON.stringify(value).replaceAll('\u007f', '\\u007f')
}
