import { z } from 'zod'
import { defineInterface } from './endpoint.ts'

const handler = z.strictObject({
  /** The handler's name: what a RuntimeClass names. */
  name: z.string().regex(/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/),
  runtimeType: z.string(),
  /** Absolute path of the shim. */
  runtimePath: z.string(),
  configPath: z.string().optional(),
  privilegedWithoutHostDevices: z.boolean().optional(),
  podAnnotations: z.array(z.string()).optional(),
  containerAnnotations: z.array(z.string()).optional(),
  /** The snapshotter of its pods' images; absent: the runtime's default. */
  snapshotter: z.string().optional(),
})

/** A container runtime (provider) takes handlers of sandbox runtimes such as Kata (requirer). CRI-O can provide it as well. */
export const runtimeHandlers = defineInterface('runtime-handlers', 1, {
  provider: z.strictObject({
    runtime: z.string(),
    version: z.string(),
    /** The CRI socket, `unix:///…`. */
    socket: z.string(),
    /** The folder of its programs, where they are not the machine's own. */
    programs: z.string().optional(),
    /** The configuration that it reads, where that is not the usual one. */
    config: z.string().optional(),
    /** Handlers that may stand in its configuration: their files must stay. */
    wired: z.array(z.string()),
    /** Handlers that the running daemon is proved to have loaded, as they were asked for: one that was changed since is another. */
    loaded: z.array(handler),
  }),
  requirer: z.strictObject({ handlers: z.array(handler) }),
})

export type RuntimeHandler = z.infer<typeof handler>
