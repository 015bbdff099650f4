import { z } from 'zod'
import { hold, rpmRepository } from '../../lib/model/package-options.ts'
import { SHIMS } from './shims.ts'

const handlerName = z
  .string()
  .regex(/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/, 'expected small letters, digits, dots and dashes')

const scalar = z.union([z.string(), z.number(), z.boolean()])
const setting = z.union([scalar, z.array(scalar)])

export const config = z.strictObject({
  source: z
    .enum(['archive', 'package', 'present', 'auto'])
    .default('archive')
    .describe(
      'Where Kata comes from: `archive` unpacks the resource `kata`, `package` installs the distribution’s by dnf or zypper, `present` uses what somebody else put on the machine, `auto` that, or else the resource.',
    ),
  version: z
    .string()
    .regex(/^\d+\.\d+\.\d+$/, 'expected three numbers, such as 3.20.0')
    .optional()
    .describe(
      'The version that the archive holds, default: read from its file name; or that of the package, default: what is there, else the newest.',
    ),
  package_manager: z
    .enum(['auto', 'dnf', 'zypper'])
    .default('auto')
    .describe('What the package is installed with: `auto` takes the one that the distribution lives by.'),
  repository: rpmRepository,
  hold,
  prefix: z
    .string()
    .regex(/^(\/[A-Za-z0-9._-]+)+$/, 'expected an absolute path of plain characters')
    .default('/opt/kata')
    .describe('The link that shows the version in force; the version itself lies beside it, as PREFIX-VERSION.'),
  shims: z
    .array(z.enum(SHIMS))
    .min(1)
    .default(['qemu'])
    .describe('The shims to offer as handlers; each becomes the handler `kata-SHIM`, or what `handlers` calls it.'),
  handlers: z
    .partialRecord(z.enum(SHIMS), handlerName)
    .default({})
    .describe('Names of handlers, by shim: what a RuntimeClass names.'),
  default: z
    .enum(SHIMS)
    .optional()
    .describe('The shim that the handler named by `alias` leads to as well; absent: no such handler.'),
  alias: handlerName.default('kata').describe('The name of the handler that leads to the shim `default`.'),
  snapshotters: z
    .partialRecord(z.enum(SHIMS), z.string().regex(/^[a-z0-9-]+$/, 'expected the name of a snapshotter'))
    .default({})
    .describe('Snapshotters of the runtime, by shim, for the images of its pods; absent: the runtime’s default.'),
  pod_annotations: z
    .array(z.string())
    .default(['io.katacontainers.*'])
    .describe('Annotations of pods that reach the shim; `*` ends a prefix.'),
  container_annotations: z
    .array(z.string())
    .default([])
    .describe('Annotations of containers that reach the shim; `*` ends a prefix.'),
  privileged_without_host_devices: z
    .boolean()
    .default(true)
    .describe('Whether privileged pods get no devices of the host, which a virtual machine could not have anyway.'),
  links: z
    .enum(['none', 'classic'])
    .default('none')
    .describe(
      'Whether /usr/local/bin gets links to the shim, kata-runtime and the like, as blogs make them; handlers need none.',
    ),
  settings: z
    .partialRecord(
      z.enum(SHIMS),
      z.record(z.string().regex(/^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)+$/, 'expected table.key'), setting),
    )
    .default({})
    .describe(
      'Values of the shims’ configurations, by shim and `table.key`, such as `hypervisor.qemu.default_vcpus`; the shipped file must know them.',
    ),
  debug: z.boolean().default(false).describe('Whether hypervisor, agent and runtime of all shims say more.'),
  debug_console: z
    .boolean()
    .default(false)
    .describe('Whether `kata-runtime exec` opens a shell in the guests of all shims; not for production.'),
  memory: z
    .int()
    .min(128)
    .max(1048576)
    .optional()
    .describe('Memory of a sandbox without limits, in MiB, for all shims; absent: the shipped value, mostly 2048.'),
  kernel_params: z
    .string()
    .regex(/^[^"\\\n]*$/, 'expected kernel parameters on one line, without quotes')
    .default('')
    .describe('Parameters that are added to those of the guest kernel, for all shims.'),
  preflight: z
    .enum(['block', 'warn'])
    .default('block')
    .describe(
      'What a machine that cannot run Kata gets: `block` touches nothing there, `warn` installs and says so in every status.',
    ),
})

export type Config = z.infer<typeof config>
