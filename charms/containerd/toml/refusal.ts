import type { ConfigFacts } from './facts.ts'
import type { Owner } from './owner.ts'

export interface Refusal {
  why: string
  /** What the operator can do, as one sentence. */
  wayOut: string
}

/** Why kcharm leaves this configuration alone, or nothing. */
export function refusalOf(facts: ConfigFacts): Refusal | undefined {
  const { path, daemon, schema, owner, criDisabled } = facts
  const newest = newestSchema(daemon)
  if (owner !== undefined) {
    return { why: `${path} is written anew by ${owner} at each start`, wayOut: wayOutOf(owner) }
  }
  if (schema < 2) {
    const what = schema === 0 ? 'has no `version` line, which containerd takes for schema 1' : 'is of schema 1'
    return {
      why: `${path} ${what}; kcharm edits schema 2 and later`,
      wayOut: `set migrate_config=true, or ${migrate(path, newest)}`,
    }
  }
  if (schema > newest && facts.moved) {
    return {
      why: `${path} was written for schema ${schema} when containerd 2 came, and containerd ${daemon} knows no schema after ${newest}`,
      wayOut: 'kcharm rollback puts the old version and its file back, as long as they are kept',
    }
  }
  if (schema > newest) {
    return {
      why: `${path} is of schema ${schema}, but containerd ${daemon} knows no schema after ${newest}`,
      wayOut: `install a containerd that reads schema ${schema}, or write the file for \`version = ${newest}\``,
    }
  }
  if (criDisabled !== undefined) {
    return {
      why: `${path} disables CRI: disabled_plugins holds "${criDisabled}"`,
      wayOut: `if this is the kubelet's containerd, set enable_cri=true, or take "${criDisabled}" out of disabled_plugins`,
    }
  }
  if (facts.byteOrderMark && newest > 2) {
    return {
      why: `${path} starts with a byte order mark, which containerd ${daemon} refuses to read`,
      wayOut: `remove it: sed -i '1s/^\\xef\\xbb\\xbf//' ${path}`,
    }
  }
  return undefined
}

/** Schema 3 came with containerd 2.0, schema 4 with 2.3 (containerd, RELEASES.md, "Daemon Configuration"). */
function newestSchema(daemon: string): number {
  const [major = 0, minor = 0] = daemon.split('.').map(Number)
  if (major < 2) return 2
  return major === 2 && minor < 3 ? 3 : 4
}

function migrate(path: string, newest: number): string {
  return (
    `write its settings for \`version = ${newest}\`: compare with what \`containerd -c ${path} config dump\` prints ` +
    '(2.0 to 2.2 leave schema 1 CRI settings out), replace the file, restart containerd, and deploy again'
  )
}

/** Where a handler lasts that is added by hand. */
export function wayOutOf(owner: Owner): string {
  const rancher = `/var/lib/rancher/${owner}/agent/etc/containerd`
  return {
    k3s: `k3s keeps only its template (${rancher}/config*.toml.tmpl) and ${rancher}/config*.toml.d: add the handler there`,
    rke2: `RKE2 keeps only its template (${rancher}/config*.toml.tmpl) and ${rancher}/config*.toml.d: add the handler there`,
    k0s: 'k0s keeps only the files of /etc/k0s/containerd.d: add the handler there by hand',
    microk8s:
      'MicroK8s keeps only /var/snap/microk8s/current/args/containerd-template.toml: add the handler there by hand',
  }[owner]
}
