import { expect, test } from 'vitest'
import { charms } from '../../charms/index.ts'
import { renderCharm, renderStatechart } from '../../lib/report/charm-text.ts'

test.each(Object.values(charms))('$name is shown with every option, endpoint and resource', (charm) => {
  const text = renderCharm(charm)
  const names = [charm.config.shape, charm.endpoints, charm.resources].flatMap((each) => Object.keys(each))
  for (const name of names) expect(text).toMatch(new RegExp(`^ {2}${name}\\b`, 'm'))
})

test.each(Object.values(charms))('the statechart of $name has every state and every arrow', (charm) => {
  const lines = renderStatechart(charm.chart).split('\n')
  expect(lines[0]).toBe('stateDiagram-v2')
  expect(lines).toContain(`  [*] --> ${charm.chart.initial}`)
  for (const [name, state] of Object.entries(charm.chart.states)) {
    expect(lines.some((line) => line.startsWith(`  ${name}: `))).toBe(true)
    for (const [signal, target] of Object.entries(state.to)) {
      const arrow = lines.find((line) => line.startsWith(`  ${name} --> ${target}: `))
      expect(arrow?.split(': ')[1]?.split(', ')).toContain(signal)
    }
  }
})
