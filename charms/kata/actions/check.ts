import { z } from 'zod'
import { path, quote } from '../../../lib/host/shell.ts'
import { action, type ActionAnswer } from '../../../lib/lifecycle/action.ts'
import type { Ctx } from '../context.ts'
import { configPathIn, installed } from '../source.ts'
import { shimOf } from '../shims.ts'

/**
 * Kata's own check, where the archive has one: kata-runtime of the Go runtime, kata-ctl of the tools. It may load modules, and needs a
 * Go configuration (kata-containers, src/runtime/cmd/kata-runtime/kata-check.go).
 */
export const check = action({
  description: 'Asks Kata’s own tool, kata-runtime or kata-ctl, whether this machine can run it.',
  params: z.strictObject({}),
  makes: true,
  ask(context: Ctx) {
    const { shims } = context.config
    const { root } = installed(context)
    const go = shims.find((shim) => shimOf(shim).runtime === 'go')
    const config = go === undefined ? undefined : configPathIn(context, go)
    const flag = config === undefined ? '' : ` --config ${path(config)}`
    return {
      key: 'kata:check',
      lasting: 'fact',
      script: [
        `runtime=${path(`${root}/bin/kata-runtime`)} ctl=${path(`${root}/bin/kata-ctl`)}`,
        `if [ -x "$runtime" ]; then said=$("$runtime"${flag} check --no-network-checks 2>&1); echo "code $? kata-runtime"`,
        `elif [ -x "$ctl" ]; then said=$("$ctl" check all 2>&1); echo "code $? kata-ctl"`,
        `else echo "code - ${quote('none')}"; fi`,
        `printf '%s\\n' "$said" | tail -n 40`,
      ].join('\n'),
      parse,
    }
  },
})

function parse(frame: string): ActionAnswer {
  const [head = '', ...lines] = frame.split('\n')
  const [, code, tool = 'none'] = head.split(' ')
  if (code === '-' || code === undefined) {
    const says = 'this archive has neither kata-runtime nor kata-ctl: from 4.1.0 on only kata-go-static has the first'
    return { ok: false, says, result: null }
  }
  const said = lines.filter((line) => line.trim() !== '')
  return {
    ok: code === '0',
    says: `${tool} check: ${code === '0' ? 'can run Kata' : `no (status ${code})`}`,
    result: { said },
  }
}
