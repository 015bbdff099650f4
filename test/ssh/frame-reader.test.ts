import { expect, test } from 'vitest'
import { frameReader } from '../../lib/ssh/frame-reader.ts'

const MARKER = '0123456789abcdef0123456789abcdef'

/** Feeds a stream in pieces of one size; what was understood, neighbouring bytes joined. */
function read(stream: string, size: number): string[] {
  const events: string[] = []
  const text = (name: string) => (bytes: Buffer) => {
    const last = events.at(-1) ?? ''
    if (bytes.length === 0) return
    if (last.startsWith(`${name} `)) events[events.length - 1] = last + bytes.toString('latin1')
    else events.push(`${name} ${bytes.toString('latin1')}`)
  }
  const feed = frameReader(MARKER, {
    begin: () => events.push('begin'),
    output: text('output'),
    end: (status) => events.push(`end ${status}`),
    noise: text('noise'),
    broken: (reason) => events.push(`broken ${reason}`),
  })
  for (let at = 0; at < stream.length; at += size) feed(Buffer.from(stream.slice(at, at + size), 'latin1'))
  return events
}

test('a stream is understood alike, however it is cut', () => {
  const stream = `motd\n${MARKER}[one\n${MARKER}]0\nlate${MARKER}[${MARKER}]255\n${MARKER}[${MARKER.slice(0, 31)}x]\n${MARKER}]7\n`
  const expected = [
    ...['noise motd\n', 'begin', 'output one\n', 'end 0'],
    ...['noise late', 'begin', 'end 255'],
    ...['begin', `output ${MARKER.slice(0, 31)}x]\n`, 'end 7'],
  ]
  for (let size = 1; size <= stream.length; size++) expect(read(stream, size), `pieces of ${size}`).toEqual(expected)
})

test('a mark of the other kind is plain text', () => {
  expect(read(`${MARKER}]0\n${MARKER}[a${MARKER}[b${MARKER}]0\n`, 5)).toEqual([
    `noise ${MARKER}]0\n`,
    'begin',
    `output a${MARKER}[b`,
    'end 0',
  ])
})

test('what may be the beginning of a mark is held back, nothing else', () => {
  expect(read(`${MARKER}[line\n`, 1000)).toEqual(['begin', 'output line\n'])
  expect(read(`${MARKER}[line\n${MARKER.slice(0, 20)}`, 1000)).toEqual(['begin', 'output line\n'])
})
