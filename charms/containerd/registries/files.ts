import type { HostObject } from '../../../lib/host/objects.ts'
import type { Ctx } from '../context.ts'
import { renderTable, tomlValue } from '../toml/render.ts'
import { type Certificates, certificatesOf } from './certificates.ts'
import { registryFolder } from './folder.ts'
import type { Mirror, Registry } from './schema.ts'

/**
 * The hosts.toml of each registry with the certificates that it names (containerd, docs/hosts.md). containerd reads them at
 * each pull, so they cost no restart. Credentials are headers there. Throws `invalid-option` for a secret or a certificate
 * that cannot be had.
 */
export function registryObjects(context: Ctx): HostObject[] {
  const { registries } = context.config
  if (registries.length === 0) return []
  const folder = registryFolder(context)
  const top: HostObject[] = ['/etc/containerd', folder].map((path) => ({ kind: 'directory', path }))
  return [...top, ...registries.flatMap((registry) => hostObjects(context, { registry, folder }))]
}

function hostObjects(context: Ctx, { registry, folder }: { registry: Registry; folder: string }): HostObject[] {
  const at = `${folder}/${registry.host}`
  const mirrors = registry.mirrors.map((mirror) => {
    return { mirror, certificates: certificatesOf(context, mirror, { registry, folder: at }) }
  })
  const files = mirrors.flatMap(({ certificates }) => certificates.files)
  const tables = mirrors.flatMap(({ mirror, certificates }) =>
    renderTable(['host', mirror.url], hostTable(context, mirror, certificates)),
  )
  const secret = registry.mirrors.some(({ password, token }) => password ?? token)
  const text = ['# Written by kcharm, which overwrites it.', ...serverLine(registry), ...tables, '']
  return [
    { kind: 'directory', path: at },
    ...new Map(files.map((file) => [file.path, file])).values(),
    { kind: 'file', path: `${at}/hosts.toml`, text: text.join('\n'), ...(secret ? { secret: true } : {}) },
  ]
}

function serverLine({ server }: Registry): string[] {
  return server === undefined ? [] : [`server = ${tomlValue(server)}`]
}

function hostTable(context: Ctx, mirror: Mirror, certificates: Certificates): Record<string, unknown> {
  const login = authorization(context, mirror)
  return {
    capabilities: mirror.capabilities,
    ...certificates.table,
    ...(mirror.skip_verify === undefined ? {} : { skip_verify: mirror.skip_verify }),
    ...(mirror.override_path === undefined ? {} : { override_path: mirror.override_path }),
    ...(login === undefined ? {} : { header: { Authorization: [login] } }),
  }
}

/** containerd sends a header's name as it is written; only under this spelling does Go keep it from other hosts (net/http). */
function authorization(context: Ctx, { username, password, token }: Mirror): string | undefined {
  if (token !== undefined) return `Bearer ${context.secret(token)}`
  if (username === undefined || password === undefined) return undefined
  return `Basic ${Buffer.from(`${username}:${context.secret(password)}`).toString('base64')}`
}
