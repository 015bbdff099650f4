/** What people can follow: printed live, kept in the journal, given out as JSON. */
export type LifeEvent =
  | { unit: string; kind: 'hook'; hook: string }
  | { unit: string; kind: 'state'; state: string; status: string; message?: string }
  /** `why`: what of somebody else's goes with it. */
  | { unit: string; kind: 'change'; verb: string; stage: string; why?: string }
  | { unit: string; kind: 'note'; text: string; asks: boolean }
  | { unit: string; kind: 'kept'; key: string; why: string }
  | { unit: string; kind: 'fault'; message: string; hint?: string }

/** How far a long step is: printed live only. */
export interface StepProgress {
  unit: string
  kind: 'progress'
  text: string
}
