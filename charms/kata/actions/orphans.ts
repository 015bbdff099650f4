import { z } from 'zod'
import { namesId, orphanScript, orphansAnswer } from '../../../lib/host/orphan-shims.ts'
import { path } from '../../../lib/host/shell.ts'
import { action } from '../../../lib/lifecycle/action.ts'

/**
 * After a sandbox that failed to start a shim may go on for ever, and its pod cannot end (kata-containers#13441). What serves something
 * holds a KVM machine, or another process does that was given the sandbox's id; Dragonball's machine is in the shim.
 */
export const orphans = action({
  description:
    'Finds shims of Kata whose virtual machine is gone, which keep their pod from ending. With end=true they are ended.',
  params: z.strictObject({
    end: z.boolean().default(false).describe('End them: first SIGTERM, then SIGKILL.'),
  }),
  makes: true,
  within: 120,
  ask: (_context, { end }) => ({
    key: `kata:action:orphans:${end}`,
    lasting: 'effect',
    script: [
      `machines=$(find ${path('/proc')}/[0-9]*/fd -maxdepth 1 -lname '*kvm-vm*' 2>/dev/null | sed 's,/fd/.*,,' | sort -u)`,
      `served=$(for each in $machines; do tr '\\0' ' ' <"$each/cmdline" 2>/dev/null; echo; done)`,
      orphanScript({ program: `*containerd-shim-kata*' -id '*`, serves: namesId('served'), end }),
    ].join('\n'),
    parse: (frame) => orphansAnswer(frame, 'a virtual machine'),
  }),
})
