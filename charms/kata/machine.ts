import { life, rest, stage, undo, wait } from '../../lib/lifecycle/chart.ts'

const start = { begin: 'preflight', changed: 'preflight', remove: 'unwiring' } as const
const again = { ...start, upgrade: 'preUpgrade', rollback: 'goingBack' } as const

/**
 * Kata's life. It touches nothing before its preflight is content, offers its handlers and waits until the runtime has
 * loaded them; only then what it no longer wants goes, which the handlers of before named (kata-containers#12761). On the way
 * out its files go only when no runtime and no sandbox needs them any more. A new version is unpacked and looked at beside the
 * old one before anything points to it; one that does not prove itself is taken back, and the old one proved again.
 */
export const machine = life('kata', 'absent', {
  absent: rest('unknown', start),
  preflight: stage({ ok: 'unpacking', blocked: 'blocked', fail: 'failed' }),
  unpacking: stage({ ok: 'configuring', fail: 'failed' }, { keeps: true, hook: 'install' }),
  configuring: stage({ ok: 'awaitRuntime', fail: 'failed' }, { takes: true, keeps: true, hook: 'config-changed' }),
  awaitRuntime: wait('loaded', { ready: 'proving', quiet: 'parked' }),
  parked: rest('waiting', { ...again, ready: 'preflight' }, 'loaded'),
  proving: stage({ ok: 'retiring', fail: 'failed' }, { hook: 'start' }),
  retiring: undo('stale', { ok: 'active', fail: 'failed' }),
  active: rest('active', { ...again, hold: 'held' }),
  preUpgrade: stage({ ok: 'staging', blocked: 'rollingBack', fail: 'rollingBack' }, { hook: 'pre-upgrade' }),
  staging: stage({ ok: 'switching', fail: 'rollingBack' }, { as: 'unpacking', keeps: true, hook: 'upgrade-charm' }),
  switching: stage({ ok: 'rewiring', fail: 'rollingBack' }, { as: 'unpacking', keeps: true }),
  rewiring: stage({ ok: 'awaitNew', fail: 'rollingBack' }, { as: 'configuring', takes: true, keeps: true }),
  awaitNew: wait('loaded', { ready: 'provingNew', quiet: 'rollingBack' }),
  provingNew: stage({ ok: 'active', fail: 'rollingBack' }, { as: 'proving', hook: 'post-upgrade' }),
  rollingBack: undo('pass', { ok: 'preflight', fail: 'failed' }, { hook: 'rollback' }),
  held: rest('blocked', again),
  goingBack: undo('revision', { ok: 'preflight', fail: 'failed' }, { hook: 'rollback' }),
  failed: rest('error', again),
  blocked: rest('blocked', again),
  unwiring: stage({ ok: 'awaitUnwired', blocked: 'stillUsed', fail: 'failed' }),
  awaitUnwired: wait('unwired', { ready: 'releasing', quiet: 'stillUsed' }),
  stillUsed: rest('blocked', again),
  releasing: stage({ ok: 'deleting', blocked: 'stillUsed', fail: 'failed' }),
  deleting: undo('all', { ok: 'removed', fail: 'failed' }, { hook: 'remove' }),
  removed: rest('terminated', start),
})
