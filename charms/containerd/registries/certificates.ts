import { createPrivateKey, X509Certificate } from 'node:crypto'
import { KcharmError } from '../../../lib/errors/index.ts'
import type { FileObject } from '../../../lib/host/file.ts'
import { sha256 } from '../../../lib/model/json.ts'
import { isReference } from '../../../lib/model/secret-references.ts'
import type { Ctx } from '../context.ts'
import type { Mirror, Registry } from './schema.ts'

/** The files that a mirror's TLS needs, and how hosts.toml names them. */
export interface Certificates {
  files: FileObject[]
  table: { ca?: string; client?: [[string, string]] }
}

interface At {
  registry: Registry
  /** The folder of the registry. */
  folder: string
}

/** Their names tell the contents, so that another certificate is another file. Throws `invalid-option` for what is none. */
export function certificatesOf(context: Ctx, { ca, client }: Mirror, { registry, folder }: At): Certificates {
  const files: FileObject[] = []
  const table: Certificates['table'] = {}
  if (ca !== undefined) {
    const text = certificate(isReference(ca) ? context.secret(ca) : ca, {
      what: isReference(ca) ? ca : 'its ca',
      registry,
    })
    table.ca = `${folder}/ca-${short(text)}.pem`
    files.push({ kind: 'file', path: table.ca, text })
  }
  if (client !== undefined) {
    const { cert, key } = clientOf(context, client, registry)
    const name = `${folder}/client-${short(cert)}`
    table.client = [[`${name}.pem`, `${name}.key`]]
    files.push({ kind: 'file', path: `${name}.pem`, text: cert })
    files.push({ kind: 'file', path: `${name}.key`, text: key, secret: true })
  }
  return { files, table }
}

/** Go takes a pair only when the two belong together, and no key that wants a password (crypto/tls, X509KeyPair). */
function clientOf(context: Ctx, client: NonNullable<Mirror['client']>, registry: Registry) {
  const cert = certificate(context.secret(client.cert), { what: client.cert, registry })
  const key = ended(context.secret(client.key))
  if (fits(cert, key)) return { cert, key }
  throw new KcharmError('invalid-option', `registries: ${registry.host}: ${client.key} is no key of ${client.cert}`, {
    hint: 'expected its private key as PEM, without a password',
  })
}

function fits(cert: string, key: string): boolean {
  try {
    return new X509Certificate(cert).checkPrivateKey(createPrivateKey(key))
  } catch {
    return false
  }
}

function certificate(pem: string, { what, registry }: { what: string; registry: Registry }): string {
  try {
    new X509Certificate(pem)
  } catch {
    throw new KcharmError('invalid-option', `registries: ${registry.host}: ${what} holds no certificate`, {
      hint: 'expected PEM: -----BEGIN CERTIFICATE-----',
    })
  }
  return ended(pem)
}

function ended(pem: string): string {
  return pem.endsWith('\n') ? pem : `${pem}\n`
}

function short(text: string): string {
  return sha256(text).slice(0, 8)
}
