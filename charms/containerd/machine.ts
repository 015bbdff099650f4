import { life, rest, stage, undo, wait } from '../../lib/lifecycle/chart.ts'

const start = { begin: 'inspecting', remove: 'awaitReleased' } as const
const again = { ...start, changed: 'inspecting', upgrade: 'preUpgrade', rollback: 'goingBack' } as const

/**
 * containerd's life. It waits for handlers that are on their way before it renders, so that a fresh bundle costs one
 * write and one restart; a configuration that does not prove itself is taken back at once. So is a new version, and then the old one
 * is proved again.
 */
export const machine = life('containerd', 'absent', {
  absent: rest('unknown', start),
  inspecting: stage({ ok: 'installing', blocked: 'blocked', fail: 'failed' }),
  installing: stage({ ok: 'awaitHandlers', blocked: 'blocked', fail: 'failed' }, { hook: 'install' }),
  awaitHandlers: wait('handlers', { ready: 'announcing', quiet: 'announcing' }),
  announcing: stage({ ok: 'configuring', fail: 'failed' }, { takes: true }),
  configuring: stage({ ok: 'proving', blocked: 'blocked', fail: 'reverting' }, { hook: 'config-changed' }),
  proving: stage({ ok: 'retiring', fail: 'reverting' }, { hook: 'start' }),
  retiring: undo('stale', { ok: 'active', fail: 'failed' }),
  active: rest('active', { ...again, hold: 'held' }),
  reverting: undo('pass', { ok: 'failed', fail: 'failed' }, { hook: 'rollback' }),
  failed: rest('error', again),
  blocked: rest('blocked', again),
  preUpgrade: stage({ ok: 'securing', blocked: 'rollingBack', fail: 'rollingBack' }, { hook: 'pre-upgrade' }),
  securing: stage({ ok: 'replacing', fail: 'rollingBack' }, { keeps: true, hook: 'upgrade-charm' }),
  replacing: stage({ ok: 'announcingNew', fail: 'rollingBack' }, { as: 'installing', keeps: true }),
  announcingNew: stage({ ok: 'renewing', fail: 'rollingBack' }, { as: 'announcing', takes: true }),
  renewing: stage({ ok: 'provingNew', blocked: 'rollingBack', fail: 'rollingBack' }, { as: 'configuring' }),
  provingNew: stage({ ok: 'active', fail: 'rollingBack' }, { as: 'proving', hook: 'post-upgrade' }),
  rollingBack: undo('pass', { ok: 'inspecting', fail: 'failed' }, { hook: 'rollback' }),
  held: rest('blocked', again),
  goingBack: undo('revision', { ok: 'inspecting', fail: 'failed' }, { hook: 'rollback' }),
  awaitReleased: wait('released', { ready: 'unwiring', quiet: 'stillUsed' }),
  stillUsed: rest('blocked', again),
  unwiring: stage({ ok: 'clearing', blocked: 'stillUsed', fail: 'failed' }),
  clearing: undo('all', { ok: 'removed', fail: 'failed' }, { hook: 'remove' }),
  removed: rest('terminated', start),
})
