import type { Reading } from '../host/view.ts'

/**
 * What the machines of one run have answered. Most say what others have said: each text is kept once, and parsed once by the
 * same function. Parsed values must not be changed by who gets them.
 */
export class Answers {
  readonly #texts = new Map<string, { text: string; number: number }>()
  readonly #values = new WeakMap<Reading<unknown>['parse'], Map<string, unknown>>()

  /** The text as it was first heard, and its number: equal texts have the same one. */
  heard(text: string): { text: string; number: number } {
    const known = this.#texts.get(text)
    if (known) return known
    const heard = { text, number: this.#texts.size }
    this.#texts.set(text, heard)
    return heard
  }

  parsed({ parse }: Reading<unknown>, frame: string): unknown {
    const values = this.#values.get(parse) ?? new Map<string, unknown>()
    this.#values.set(parse, values)
    if (!values.has(frame)) values.set(frame, parse(frame))
    return values.get(frame)
  }
}
