/**
 * The third outcome beside success and failure: the machine stopped answering, and whether the last step was
 * carried out can only be found by reading again.
 */
export class ConnectionLost extends Error {
  readonly machine: string

  constructor(machine: string, reason: string) {
    super(`${machine}: connection lost: ${reason}`)
    this.name = 'ConnectionLost'
    this.machine = machine
  }
}
