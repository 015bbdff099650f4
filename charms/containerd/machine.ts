import { life, rest, stage, undo, wait } from '../../lib/lifecycle/chart.ts'

const again = { begin: 'inspecting', remove: 'awaitReleased' } as const

/**
 * containerd's life. It waits for handlers that are on their way before it renders, so that a fresh bundle costs one
 * write and one restart; a configuration that does not prove itself is taken back at once.
 */
export const machine = life('containerd', 'absent', {
  absent: rest('unknown', again),
  inspecting: stage({ ok: 'installing', blocked: 'blocked', fail: 'failed' }),
  installing: stage({ ok: 'awaitHandlers', blocked: 'blocked', fail: 'failed' }, { hook: 'install' }),
  awaitHandlers: wait('handlers', { ready: 'announcing', quiet: 'announcing' }),
  announcing: stage({ ok: 'configuring', fail: 'failed' }, { takes: true }),
  configuring: stage({ ok: 'proving', blocked: 'blocked', fail: 'reverting' }, { hook: 'config-changed' }),
  proving: stage({ ok: 'active', fail: 'reverting' }, { hook: 'start' }),
  active: rest('active', { ...again, changed: 'inspecting' }),
  reverting: undo('pass', { ok: 'failed', fail: 'failed' }, { hook: 'rollback' }),
  failed: rest('error', { ...again, changed: 'inspecting' }),
  blocked: rest('blocked', { ...again, changed: 'inspecting' }),
  awaitReleased: wait('released', { ready: 'unwiring', quiet: 'stillUsed' }),
  stillUsed: rest('blocked', again),
  unwiring: stage({ ok: 'clearing', blocked: 'stillUsed', fail: 'failed' }),
  clearing: undo('all', { ok: 'removed', fail: 'failed' }, { hook: 'remove' }),
  removed: rest('terminated', again),
})
