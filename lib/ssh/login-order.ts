import ssh2, {
  type AnyAuthMethod,
  type ParsedKey,
  type Prompt,
  type SignCallback,
  type SigningRequestOptions,
} from 'ssh2'
import { type KcharmError, toKcharmError } from '../errors/index.ts'
import type { Ask } from './ask.ts'
import { loginName, type Secret, type Target } from './target.ts'

/** One public key and who can sign for it. */
export interface Identity {
  public: ParsedKey
  sign(data: Buffer, hash: string | undefined): Promise<Buffer>
}

/** The next thing to try, for ssh2; false when there is no more. `left`: what the server takes, as far as it has said. */
export type NextMethod = (left: string[] | null) => Promise<AnyAuthMethod | false>

export interface LoginOrder {
  /** One login from its first attempt on. */
  begin(): NextMethod
  /** Why nothing could be answered, when that was this side's fault: a password that could not be read, nobody to ask. */
  failure: KcharmError | undefined
}

/**
 * Keys first; then, three times at most, what the server says that it takes. After keys ssh2 does not pass on what
 * the server has said, so it is asked by trying no method at all. A key that has signed is not followed by others: what the
 * server wants then is a second factor.
 */
export function loginOrder(target: Target, keys: Identity[], ask: Ask | undefined): LoginOrder {
  const order: LoginOrder = {
    failure: undefined,
    begin: () => methods({ target, keys: [...keys], ask, failed: (error) => (order.failure = toKcharmError(error)) }),
  }
  return order
}

interface Given {
  target: Target
  keys: Identity[]
  ask: Ask | undefined
  failed(error: unknown): void
}

function methods({ target, keys, ask, failed }: Given): NextMethod {
  const { user: username, password } = target
  let state: 'keys' | 'asking' | 'answering' = 'keys'
  let tries = 0
  return async (left) => {
    const key = state === 'keys' ? keys.shift() : undefined
    if (key) return { type: 'agent', username, agent: new OneKey(key, () => (state = 'asking')) }
    if (!password && !ask) return false
    if (state !== 'answering') {
      state = 'answering'
      return { type: 'none', username }
    }
    const source: Answers = { target, ask, ...(tries++ === 0 && password ? { password } : {}) }
    if (tries > 3 || (!source.password && !ask)) return false
    if (left?.includes('keyboard-interactive')) {
      return { type: 'keyboard-interactive', username, prompt: answering(source, failed) }
    }
    if (!left?.includes('password')) return false
    try {
      const text = await answer('password: ', { source, hidden: true })
      return { type: 'password', username, password: text }
    } catch (error) {
      failed(error)
      return false
    }
  }
}

interface Answers {
  target: Target
  /** The one that the inventory names: given once, as a wrong one stays wrong. */
  password?: Secret
  ask: Ask | undefined
}

function answering(source: Answers, failed: (error: unknown) => void) {
  return (name: string, instructions: string, _lang: string, prompts: Prompt[], finish: Finish): void => {
    const all = async (): Promise<string[]> => {
      const given: string[] = []
      for (const { prompt, echo } of prompts) {
        const before = [name, instructions].map((text) => text.trim()).filter((text) => text !== '')
        given.push(await answer([...before, prompt].join(' '), { source, hidden: !echo }))
      }
      return given
    }
    all().then(finish, (error: unknown) => {
      failed(error)
      finish([])
    })
  }
}

async function answer(prompt: string, { source, hidden }: { source: Answers; hidden: boolean }): Promise<string> {
  const { password, ask, target } = source
  if (password && hidden && /pass(word|phrase)?\b/i.test(prompt)) return await password()
  return ask ? await ask(`${loginName(target)}: ${prompt}`, { hidden }) : ''
}

type Finish = (answers: string[]) => void

/** ssh2 asks an agent for the public key and, once the server takes it, for the signature: so no passphrase is needed before. */
class OneKey extends ssh2.BaseAgent<ParsedKey> {
  readonly #key: Identity
  readonly #signs: () => void

  constructor(key: Identity, signs: () => void) {
    super()
    this.#key = key
    this.#signs = signs
  }

  override getIdentities(done: (error: Error | undefined, keys?: ParsedKey[]) => void): void {
    done(undefined, [this.#key.public])
  }

  override sign(_: ParsedKey, data: Buffer, given: SigningRequestOptions | SignCallback, then?: SignCallback): void {
    const [hash, done] = typeof given === 'function' ? [undefined, given] : [given.hash, then]
    this.#signs()
    this.#key.sign(data, hash).then(
      (signature) => done?.(undefined, signature),
      (error: unknown) => done?.(error instanceof Error ? error : new Error(String(error))),
    )
  }
}
