import { expect, test } from 'vitest'
import { KcharmError } from '../../lib/errors/index.ts'
import type { SitePlan } from '../../lib/plan/plan-site.ts'
import { renderPlanHtml } from '../../lib/report/plan-html.ts'

const HOSTILE = `</pre><script>alert(1)</script><img src=x onerror='a' onload="b">&amp;\u202e\u001b[2J`

const site = (machine: string, text: string): SitePlan => ({
  machine,
  changes: [
    {
      unit: 'app/0',
      stage: 's',
      key: 'file:/etc/x',
      verb: `write ${text}`,
      after: 'd',
      mayChange: true,
      why: `why ${text}`,
      texts: { before: 'old\npassword = "old-one"\n', after: `${text}\npassword = "new-one"\n` },
    },
    { unit: 'app/0', stage: 's', key: 'link:/l', verb: 'remove /l', after: 'd', mayChange: false },
    {
      unit: 'app/0',
      stage: 's',
      key: 'svc:x',
      verb: 'restart x',
      after: 'd',
      mayChange: false,
      why: 'it reads /etc/x',
    },
  ],
  units: [{ unit: 'app/0', app: text, state: 'active', status: 'active', message: text, hint: text }],
  records: 0,
  reads: {},
  later: [{ unit: 'app/0', stage: text, verb: `later: ${text}` }],
  notes: [{ unit: 'app/0', text, asks: true }],
})

const page = (text: string) =>
  renderPlanHtml({
    model: text,
    plans: [site(`n1${text}`, text), site(`n2${text}`, text)],
    failed: [{ machine: text, error: new KcharmError('connection', `${text} token=tell-nobody`) }],
    notes: {
      vanished: { applications: [text], relations: [], machines: [text], units: [{ app: text, machine: text }] },
      pruned: false,
      kept: [{ app: text, key: 'password', value: 'kept-one' }],
    },
  })

test('no text of anywhere becomes markup, and none acts on a terminal or an editor', () => {
  const tags = (text: string) => text.match(/<[^>]*>/g)
  expect(tags(page(HOSTILE))).toEqual(tags(page('plain')))
  expect(page(HOSTILE)).not.toMatch(/[\u202e\u001b]/)
  expect(page(HOSTILE)).toContain('&#60;script&#62;alert(1)')
})

test('it needs nothing from elsewhere and runs no script', () => {
  expect(page('plain')).not.toMatch(/<script|https?:|url\(|@import|src=|href=/)
  expect(page('plain')).toContain(`content="default-src 'none'; style-src 'unsafe-inline'"`)
})

test('secrets are hidden, and that one changes is seen', () => {
  const text = page('plain')
  expect(text).not.toMatch(/old-one|new-one|tell-nobody|kept-one/)
  expect(new Set(text.match(/«secret [0-9a-f]{4}»/g)).size).toBeGreaterThanOrEqual(2)
})

test('machines with the same changes, each change with its mark, its reason and its diff', () => {
  const text = page('plain')
  expect(text).toContain('<h2>n1plain, n2plain</h2><p class="dim">2 machines, the same on each</p>')
  expect(text).toContain(
    '<b class="good">+</b> write plain <span class="doubtful">(may change)</span> <span class="dim">why plain</span>',
  )
  expect(text).toContain('<span class="bad">-old</span>\n')
  expect(text).toContain('<b class="bad">-</b> remove /l')
  expect(text).toContain('<b class="doubtful">!</b> restart x <span class="dim">it reads /etc/x</span>')
  expect(text).toContain('<p>Model plain: 6 changes on 2 of 2 machines; 1 machine could not be planned.</p>')
})
