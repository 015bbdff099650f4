/** The same names, each with another value. */
export function mapRecord<A, B>(record: Record<string, A>, each: (name: string, value: A) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, each(name, value)]))
}
