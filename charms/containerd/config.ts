import { z } from 'zod'
import { hold, repository } from '../../lib/model/package-options.ts'
import { maybeSecret, REFERENCES } from '../../lib/model/secret-references.ts'
import { registry } from './registries/schema.ts'

const proxy = maybeSecret(
  z
    .string()
    .regex(
      /^(env:\w+|(file|command|ask):.+|(https?|socks5):\/\/[^\s@"]+)$/,
      'expected a URL without a login, env:NAME, file:PATH, command:COMMAND or ask:QUESTION',
    ),
).optional()

const scalar = z.union([z.boolean(), z.number(), z.string()])

export const config = z.strictObject({
  source: z
    .enum(['auto', 'package', 'archive'])
    .default('auto')
    .describe(
      'Where containerd comes from: `auto` adopts what is there and else installs the distribution’s package, `package` installs that, `archive` unpacks the resource `containerd`.',
    ),
  version: z
    .string()
    .regex(/^\d+\.\d+\.\d+([-~+.:][\w.~+-]*)?$/, 'expected three numbers, such as 2.3.7, or a package’s version')
    .optional()
    .describe(
      'The version of the package, `1.7.27` or as its manager writes it, default: what is there, else the newest; or that of the archive, default: read from its file name.',
    ),
  via: z
    .array(z.string().regex(/^\d+\.\d+\.\d+/, 'expected a version'))
    .default([])
    .describe(
      'Versions of the package on the way to `version`, where an upgrade must not go there at once: 1.7.28 between 1.6 and 2.3, say.',
    ),
  package: z
    .enum(['containerd', 'containerd.io'])
    .optional()
    .describe('The package: the distribution’s or Docker’s. Default: the one that is there, else `containerd`.'),
  package_manager: z
    .enum(['auto', 'apt', 'dnf', 'zypper'])
    .default('auto')
    .describe('What packages are installed with: `auto` takes the one that the distribution lives by.'),
  hold,
  repository,
  restrict_oom_score_adj: z
    .enum(['auto', 'true', 'false'])
    .default('auto')
    .describe(
      'Whether containers may not have a lower OOM score than containerd: `auto` sets it where the machine lacks CAP_SYS_RESOURCE.',
    ),
  migrate_config: z
    .boolean()
    .default(false)
    .describe(
      'Write a main file of schema 1, or without `version`, for schema 2. The plan shows which settings get effect by that and which are lost.',
    ),
  enable_cri: z
    .boolean()
    .default(false)
    .describe('Take CRI out of the main file’s `disabled_plugins`, under each of its names.'),
  systemd_cgroup: z
    .enum(['auto', 'true', 'false'])
    .default('auto')
    .describe(
      'Whether runc and its like use the systemd cgroup driver: `auto` leaves that as it is. It is not changed under running containers.',
    ),
  sandbox_image: z
    .string()
    .regex(/^[\w.:/@-]+$/, 'expected an image, such as registry.k8s.io/pause:3.10.2')
    .optional()
    .describe('The image of a pod’s pause container; containerd pins it. Default: as it is.'),
  registries: z
    .array(registry)
    .default([])
    .describe(
      'Registries with their mirrors, certificates and credentials, written as hosts.toml files; containerd reads them at each pull. CRI is pointed at their folder.',
    ),
  http_proxy: proxy.describe(
    `The proxy for plain HTTP that containerd pulls through: a URL, or, where it holds a login, ${REFERENCES}.`,
  ),
  https_proxy: proxy.describe('The same for HTTPS.'),
  no_proxy: z
    .array(z.string().regex(/^[\w.:/*-]+$/, 'expected a name, an address or a network'))
    .default([])
    .describe(
      'What is reached without the proxy, besides localhost, 127.0.0.0/8, ::1, .svc, .cluster.local and the machines of the model: name the API server and the networks of pods and services, since CNI plugins run with it as well. Machines in a network that is named here are not named one by one.',
    ),
  limit_nofile: z
    .string()
    .regex(/^(infinity|\d+(:\d+)?)$/, 'expected a number, SOFT:HARD or infinity')
    .optional()
    .describe('The open-file limit of containerd and its containers (LimitNOFILE). Default: its unit’s own.'),
  extra: z
    .record(z.string(), z.union([scalar, z.array(scalar)]))
    .default({})
    .describe(
      'Further settings: the path of a key as in TOML, such as `plugins."io.containerd.cri.v1.runtime".enable_selinux`, and its value. The daemon must know the key.',
    ),
})

export type Config = z.infer<typeof config>
