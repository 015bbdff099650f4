import { applyBundle, type Applied, type Circumstances } from '../../lib/model/apply-bundle.ts'
import { parseBundle } from '../../lib/model/bundle.ts'
import { emptyModel, type Machine, type Model } from '../../lib/model/declaration.ts'
import { charms } from './charms.ts'

export const machine = (name: string, ...tags: string[]): Machine => ({
  name,
  address: `${name}.lan`,
  ownAddress: `${name}.lan`,
  port: 22,
  user: 'root',
  knownHosts: '/k',
  tags,
})
export const three = [machine('n1'), machine('n2', 'gpu'), machine('n3', 'gpu', 'big')]
const bundleOf = (text: string) => parseBundle(text, { file: 'b.yaml', charms })

export interface Step extends Partial<Circumstances> {
  model?: Model
}

/** A bundle deployed on three machines. */
export function apply(text: string, { model = emptyModel('m', 'id'), ...given }: Step = {}): Applied {
  return applyBundle(model, bundleOf(text), { inventory: three, bind: {}, charms, ...given })
}

/** A deploy after another one. */
export function again(before: Applied, text: string, given: Step = {}): Applied {
  return apply(text, { model: before.model, previous: before.record, ...given })
}

export const both = 'applications: {c: {charm: containerd}, k: {charm: kata}}\nrelations: [[k, c]]'

export const placesOf = ({ model }: Applied, app = 'c') => model.applications[app]?.machines

export const nothing = { applications: [], relations: [], machines: [], units: [] }
