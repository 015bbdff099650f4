import { life, rest, stage, undo, wait } from '../../lib/lifecycle/chart.ts'

const again = { begin: 'preflight', changed: 'preflight', remove: 'unwiring' } as const

/**
 * Kata's life. It touches nothing before its preflight is content, offers its handlers and waits until the runtime has
 * loaded them; only then what it no longer wants goes, which the handlers of before named (kata-containers#12761). On the way
 * out its files go only when no runtime and no sandbox needs them any more.
 */
export const machine = life('kata', 'absent', {
  absent: rest('unknown', again),
  preflight: stage({ ok: 'unpacking', blocked: 'blocked', fail: 'failed' }),
  unpacking: stage({ ok: 'configuring', fail: 'failed' }, { keeps: true, hook: 'install' }),
  configuring: stage({ ok: 'awaitRuntime', fail: 'failed' }, { takes: true, keeps: true, hook: 'config-changed' }),
  awaitRuntime: wait('loaded', { ready: 'proving', quiet: 'parked' }),
  parked: rest('waiting', { ...again, ready: 'preflight' }, 'loaded'),
  proving: stage({ ok: 'retiring', fail: 'failed' }, { hook: 'start' }),
  retiring: undo('stale', { ok: 'active', fail: 'failed' }),
  active: rest('active', again),
  failed: rest('error', again),
  blocked: rest('blocked', again),
  unwiring: stage({ ok: 'awaitUnwired', blocked: 'stillUsed', fail: 'failed' }),
  awaitUnwired: wait('unwired', { ready: 'releasing', quiet: 'stillUsed' }),
  stillUsed: rest('blocked', again),
  releasing: stage({ ok: 'deleting', blocked: 'stillUsed', fail: 'failed' }),
  deleting: undo('all', { ok: 'removed', fail: 'failed' }, { hook: 'remove' }),
  removed: rest('terminated', again),
})
