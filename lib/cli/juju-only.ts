interface Elsewhere {
  why: string
  /** What to do here. */
  instead: string
}

const NO_CONTROLLER: Elsewhere = {
  why: 'there is no controller; the machines themselves hold what must not be lost',
  instead: 'write an inventory, then: kcharm deploy bundle BUNDLE --inventory FILE',
}

const NO_CLOUD: Elsewhere = {
  why: 'machines are not made here; they are those of the inventory',
  instead: 'make a machine as you do today, add it to the inventory, then deploy with --inventory FILE',
}

const NO_USERS: Elsewhere = {
  why: 'who may log in on the machines may deploy on them',
  instead: 'give and take logins and sudo on the machines; each operation’s holder stands in the journal',
}

const NO_STORE: Elsewhere = {
  why: 'charms are part of kcharm, or folders of your own',
  instead: 'kcharm charm show NAME shows one; docs/writing-a-charm.md shows how one is written',
}

const NO_NETWORK: Elsewhere = {
  why: 'it opens and divides no networks',
  instead: 'set up firewalls and networks as you do today',
}

/** Juju's verbs that make no sense without a controller (`juju help commands`), with what to do here instead. */
export const JUJU_ONLY: Record<string, Elsewhere> = Object.fromEntries([
  ...each(NO_CONTROLLER, 'bootstrap', 'controllers', 'register', 'unregister', 'destroy-controller', 'kill-controller'),
  ...each(
    NO_CONTROLLER,
    'show-controller',
    'enable-ha',
    'controller-config',
    'migrate',
    'login',
    'logout',
    'dashboard',
  ),
  ...each(NO_CLOUD, 'add-machine', 'clouds', 'add-cloud', 'regions', 'credentials', 'add-credential', 'constraints'),
  ...each(NO_CLOUD, 'set-constraints', 'storage', 'add-storage', 'create-storage-pool', 'autoload-credentials'),
  ...each(NO_USERS, 'users', 'add-user', 'grant', 'revoke', 'change-user-password', 'disable-user', 'add-ssh-key'),
  ...each(NO_STORE, 'find', 'info', 'download', 'offer', 'consume', 'find-offers', 'remove-offer'),
  ...each(NO_NETWORK, 'expose', 'unexpose', 'spaces', 'add-space', 'subnets', 'firewall-rules', 'bind'),
  ['scale-application', { why: 'units stand on machines', instead: 'kcharm add-unit APP, kcharm remove-unit UNIT' }],
  ['refresh', { why: 'here it is called upgrade', instead: 'kcharm upgrade APP [--to VERSION] [--path CHARM]' }],
  ['upgrade-charm', { why: 'here it is called upgrade', instead: 'kcharm upgrade APP [--to VERSION] [--path CHARM]' }],
  ['integrate', { why: 'here it is called relate', instead: 'kcharm relate A B' }],
  ['add-relation', { why: 'here it is called relate', instead: 'kcharm relate A B' }],
  ['remove-relation', { why: 'here it is called unrelate', instead: 'kcharm unrelate A B' }],
  ['remove-application', { why: 'here it is called remove', instead: 'kcharm remove APP' }],
  ['resolved', { why: 'here it is called resolve', instead: 'kcharm resolve UNIT' }],
])

function each(elsewhere: Elsewhere, ...verbs: string[]): [string, Elsewhere][] {
  return verbs.map((verb) => [verb, elsewhere])
}
