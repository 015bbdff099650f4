import type { PlannedChange, SitePlan, UnitOutlook } from '../plan/plan-site.ts'
import { diffLines } from './diff-text.ts'
import { healthOf } from './health.ts'
import { maskText } from './mask.ts'
import { changesOf, groupsOf, markOf, notesOf, plural, type PlanReport, reasonOf, summaryOf } from './plan-text.ts'
import { harmless } from './terminal-text.ts'

/** The plan as one page that needs nothing from elsewhere and runs no script. It hides what the text hides. */
export function renderPlanHtml(report: PlanReport): string {
  const failed = report.failed.map(({ machine, error }) => `${machine}: ${error.message}`)
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${html(`Plan of model ${report.model}`)}</title>
<style>${STYLE}</style>
<h1>${html(`Plan of model ${report.model}`)}</h1>
<p>${html(summaryOf(report))}</p>
${notesOf(report)
  .map((line) => paragraph('doubtful', line))
  .join('')}${failed.map((line) => paragraph('bad', line)).join('')}
${groupsOf(report).map(section).join('\n')}
</html>
`
}

function section(group: SitePlan[]): string {
  const [first] = group
  if (first === undefined) return ''
  const several = group.length > 1
  const same = several ? `<p class="dim">${plural(group.length, 'machine')}, the same on each</p>` : ''
  const units = first.units.map((unit) => article(first, unit, several ? unit.app : unit.unit))
  return `<section><h2>${html(group.map(({ machine }) => machine).join(', '))}</h2>${same}${units.join('')}</section>`
}

function article(plan: SitePlan, unit: UnitOutlook, name: string): string {
  const { changes, later } = changesOf(plan, unit)
  const gone = unit.status === 'terminated'
  const will = changes.length + later.length > 0 ? 'will be ' : ''
  const items = [...changes.map(item), ...later.map(({ stage, verb }) => `<li>? ${html(`${stage}: ${verb}`)}</li>`)]
  return [
    `<h3>${html(name)}: ${will}<span class="${healthOf(unit.status)}">${html(gone ? 'gone' : unit.status)}</span></h3>`,
    unit.message && !gone ? paragraph('dim', unit.message) : '',
    ...plan.notes
      .filter((note) => note.unit === unit.unit)
      .map(({ text, asks }) => paragraph(asks ? 'bad' : 'dim', text)),
    unit.hint ? paragraph('dim', `hint: ${unit.hint}`) : '',
    items.length > 0 ? `<ul>${items.join('')}</ul>` : '',
  ].join('')
}

function item(change: PlannedChange): string {
  const mark = markOf(change)
  const doubt = change.mayChange ? ' <span class="doubtful">(may change)</span>' : ''
  const why = reasonOf(change)
  const diff = change.texts ? `<pre>${diffLines(change.texts).map(diffLine).join('')}</pre>` : ''
  const verb = `<b class="${CLASSES[mark]}">${mark}</b> ${html(change.verb)}`
  return `<li>${verb}${doubt}${why === '' ? '' : ` <span class="dim">${html(why)}</span>`}${diff}</li>`
}

function diffLine(line: string): string {
  const kind = line.startsWith('+') ? 'good' : line.startsWith('-') ? 'bad' : 'dim'
  return `<span class="${kind}">${escaped(line)}</span>\n`
}

function paragraph(kind: string, text: string): string {
  return `<p class="${kind}">${html(text)}</p>`
}

function html(text: string): string {
  return escaped(maskText(text))
}

function escaped(text: string): string {
  return harmless(text).replace(/[<>&"']/g, (c) => `&#${c.charCodeAt(0)};`)
}

const CLASSES = { '+': 'good', '-': 'bad', '!': 'doubtful' }

const STYLE = `
:root { --good: light-dark(#1a7f37, #5fd07a); --bad: light-dark(#b3261e, #ff8a80); --doubtful: light-dark(#8a5a00, #f2c14e); --dim: light-dark(#5f6368, #a0a4a8) }
body { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
section { border: 1px solid var(--dim); border-radius: 8px; padding: 0 1rem 1rem; margin: 1rem 0 }
h2, h3, p { margin: .8rem 0 .2rem; overflow-wrap: anywhere } ul { list-style: none; padding: 0 } li { margin: .4rem 0 }
pre { font: 13px/1.4 ui-monospace, monospace; overflow-x: auto; border-left: 3px solid var(--dim); padding-left: .8rem }
.good { color: var(--good) } .bad { color: var(--bad) } .doubtful { color: var(--doubtful) } .dim, .unknown { color: var(--dim) }
`
