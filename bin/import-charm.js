import { register } from 'node:module'
import { pathToFileURL } from 'node:url'

let registered

/** Modules below `home` find this kcharm, and its zod, under their names, whatever lies beside them. */
export async function importCharm(url, home) {
  registered ??= register('./charm-resolver.js', import.meta.url, {
    data: { home: pathToFileURL(home).href, own: OWN },
  })
  return await import(url)
}

const OWN = {
  kcharm: new URL('../dist/index.js', import.meta.url).href,
  'kcharm/testing': new URL('../dist/testing.js', import.meta.url).href,
  zod: new URL('../dist/zod.js', import.meta.url).href,
}
