import { X509Certificate } from 'node:crypto'
import { KcharmError } from '../../../lib/errors/index.ts'
import type { FileObject } from '../../../lib/host/file.ts'
import type { HostObject } from '../../../lib/host/objects.ts'
import { sha256 } from '../../../lib/model/json.ts'
import type { Ctx } from '../context.ts'
import { renderTable, tomlValue } from '../toml/render.ts'
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
  const certificates = new Map<string, string>()
  const tables = registry.mirrors.map((mirror): [string, Record<string, unknown>] => {
    const ca = mirror.ca === undefined ? undefined : certificateOf(context, { ca: mirror.ca, registry })
    const path = ca === undefined ? undefined : `${at}/ca-${sha256(ca).slice(0, 8)}.pem`
    if (path !== undefined && ca !== undefined) certificates.set(path, ca)
    return [mirror.url, hostTable(context, mirror, path)]
  })
  const secret = registry.mirrors.some(({ password, token }) => password ?? token)
  const text = ['# Written by kcharm, which overwrites it.', ...serverLine(registry), ...tables.flatMap(hostLines), '']
  return [
    { kind: 'directory', path: at },
    ...[...certificates].map(([path, pem]): FileObject => ({ kind: 'file', path, text: pem })),
    { kind: 'file', path: `${at}/hosts.toml`, text: text.join('\n'), ...(secret ? { secret: true } : {}) },
  ]
}

function serverLine({ server }: Registry): string[] {
  return server === undefined ? [] : [`server = ${tomlValue(server)}`]
}

function hostLines([url, table]: [string, Record<string, unknown>]): string[] {
  return renderTable(['host', url], table)
}

function hostTable(context: Ctx, mirror: Mirror, ca: string | undefined): Record<string, unknown> {
  const login = authorization(context, mirror)
  return {
    capabilities: mirror.capabilities,
    ...(ca === undefined ? {} : { ca }),
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

function certificateOf(context: Ctx, { ca, registry }: { ca: string; registry: Registry }): string {
  const pem = /^(env|file):/.test(ca) ? context.secret(ca) : ca
  try {
    new X509Certificate(pem)
  } catch {
    const what = /^(env|file):/.test(ca) ? ca : 'its ca'
    throw new KcharmError('invalid-option', `registries: ${registry.host}: ${what} holds no certificate`, {
      hint: 'expected PEM: -----BEGIN CERTIFICATE-----',
    })
  }
  return pem.endsWith('\n') ? pem : `${pem}\n`
}
