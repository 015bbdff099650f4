/** Imports a module by its URL. What lies below `home` finds this very kcharm, and its zod, under their names. */
export type ImportModule = (url: string, home: string) => Promise<{ default?: unknown }>

let importer: ImportModule | undefined

/** A bundle has no import() of its own: the program that runs it lends one. */
export function importWith(given: ImportModule): void {
  importer = given
}

export async function importModule(url: string, home: string): Promise<{ default?: unknown }> {
  if (importer === undefined) throw new Error('nothing here can import a module')
  return await importer(url, home)
}
