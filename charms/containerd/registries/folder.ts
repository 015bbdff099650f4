import { blocked, type Ctx, type Out } from '../context.ts'
import { CERTS_D, CONFIG } from '../observe.ts'
import { preparedMain } from '../prepare.ts'
import { type ConfigFacts, readConfig } from '../toml/index.ts'

/**
 * One folder: the operator's, or the first of a list between colons, since containerd 2.1 and later take such a list for
 * one name (containerd#12636).
 */
export function registryFolder(context: Ctx): string {
  const [first = ''] = factsOf(context, '2.0')?.registryFolder?.split(':') ?? []
  return first.startsWith('/') ? first : CERTS_D
}

/** Why the option registries cannot be carried out, or nothing. */
export function refusedRegistries(
  context: Ctx,
  { version = '2.0' }: { version?: string | undefined },
): Out | undefined {
  const { registries } = context.config
  if (registries.length === 0) return undefined
  const facts = factsOf(context, version)
  if (facts !== undefined && facts.inlineRegistries.length > 0) return inlineRefused(facts)
  const hosts = registries.map(({ host }) => host)
  const twice = hosts.find((host, index) => hosts.indexOf(host) !== index)
  if (twice !== undefined) return blocked(`registries: ${twice} is there twice`, 'put its mirrors into one list')
  const half = registries.find(({ mirrors }) => mirrors.some((each) => !each.username !== !each.password))
  if (half) return blocked(`registries: ${half.host}: a username and a password go together`, 'give both, or a token')
  return undefined
}

/** They stay the operator's to move: a pull that went well must not come to fail by a conversion that nobody read. */
function inlineRefused({ inlineRegistries: inline, inlineMirrors }: ConfigFacts): Out {
  const mirrors = Object.entries(inlineMirrors)
  const option = mirrors.map(([host, urls]) => {
    return { host: host === '*' ? '_default' : host, mirrors: urls.map((url) => ({ url })) }
  })
  const move = [
    ...(mirrors.length > 0 ? [`add to the option registries what they say: ${JSON.stringify(option)}`] : []),
    ...(inline.some((name) => name.endsWith('.tls')) ? ['give TLS settings as ca, client and skip_verify there'] : []),
  ]
  return blocked(
    `${CONFIG} has ${inline.join(', ')}, which containerd refuses beside a folder of hosts.toml files`,
    `${move.join('; ')}; take them out of the file, restart containerd, and deploy again`,
  )
}

function factsOf(context: Ctx, daemon: string): ConfigFacts | undefined {
  const text = preparedMain(context, daemon)
  return text === undefined ? undefined : readConfig(text, { path: CONFIG, daemon })
}
