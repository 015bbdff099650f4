import type { Lab, LabNode, Say } from './types.ts'

/** How nodes of one kind are made. Every step may find its work done already, or half done by a command that was killed. */
export interface NodeDriver {
  /** Puts what nodes are started from into the cache. */
  prepare(lab: Lab, say: Say): Promise<void>
  /** Makes the lab's network; gives the lab with its ports. */
  open(lab: Lab): Promise<Lab>
  /** Switches a node on. */
  start(lab: Lab, node: LabNode): Promise<void>
  /** Takes its power away: nothing in it gets to say goodbye. Its disk stays. */
  stop(lab: Lab, node: LabNode): Promise<void>
  isRunning(lab: Lab, node: LabNode): Promise<boolean>
  /** Removes what the lab has outside of its folder, once nothing of it runs. */
  clean?(lab: Lab): Promise<void>
}
