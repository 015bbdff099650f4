import type { Connection } from './connection.ts'
import type { Target } from './target.ts'

interface Shared {
  connection: Promise<Connection>
  users: number
}

/** One connection for each bastion, however many machines lie behind it; it ends with the last of them. */
export class Bastions {
  readonly #shared = new Map<string, Shared>()

  /** `open` is called when there is none yet. Who has left may say so again. */
  async enter(target: Target, open: () => Promise<Connection>): Promise<{ connection: Connection; leave(): void }> {
    const place = placeOf(target)
    const shared = this.#shared.get(place) ?? this.#open(place, open)
    shared.users++
    let inside = true
    const leave = (): void => {
      if (!inside) return
      inside = false
      if (--shared.users > 0) return
      this.#forget(place, shared)
      void shared.connection.then((connection) => connection.end()).catch(() => undefined)
    }
    try {
      return { connection: await shared.connection, leave }
    } catch (error) {
      leave()
      throw error
    }
  }

  #open(place: string, open: () => Promise<Connection>): Shared {
    const shared: Shared = { connection: open(), users: 0 }
    this.#shared.set(place, shared)
    // A bastion that was lost is not offered to the next one who wants through.
    shared.connection.then(
      (connection) => void connection.lost.catch(() => this.#forget(place, shared)),
      () => this.#forget(place, shared),
    )
    return shared
  }

  #forget(place: string, shared: Shared): void {
    if (this.#shared.get(place) === shared) this.#shared.delete(place)
  }
}

/** Two targets that are the same login by the same way. */
function placeOf({ user, host, port, hostKeyAs = '', via }: Target): string {
  const way = via === undefined ? '' : 'jump' in via ? placeOf(via.jump) : via.command
  return JSON.stringify([user, host, port, hostKeyAs, way])
}
