import { type Code, CODES } from '../../lib/errors/index.ts'

/** What cannot be read from the table: when it comes, how it looks, and what to do. */
interface Help {
  when: string
  example: string
  todo: string
}

const HELP: Record<Code, Help> = {
  internal: {
    when: 'kcharm itself is wrong somewhere. The stack is shown.',
    example: 'error: …',
    todo: 'Report it with the stack. What was begun on machines is in their records: the same command goes on.',
  },
  usage: {
    when: 'A flag, an argument, a query or a name on the command line is not what the command expects, or ssh would refuse an ssh_config.',
    example: `error: a model is named by --model`,
    todo: 'Add `--help` to the command. Nothing was read or changed.',
  },
  'invalid-bundle': {
    when: 'The bundle, or an overlay, has fields or values that it must not have. All faults are named at once, before any machine is asked.',
    example: 'bundle.yaml:1:1: got nothing: expected a map',
    todo: 'Mend each place that is named by file, line and column. [bundle.schema.json](../bundle.schema.json) tells editors the same.',
  },
  'invalid-charm': {
    when: 'A charm of your own, in a folder, cannot be read or run, or is not what the engine can hold. In a bundle the same is said at the place that names the folder, as `invalid-bundle`.',
    example: "error: /home/me/crictl/index.js:12:3: Unexpected token '}'",
    todo: 'Mend what stands at that place. [Writing a charm](../../writing-a-charm.md) shows what is expected; nothing was changed.',
  },
  'invalid-inventory': {
    when: 'The inventory has fields or values that it must not have. All faults are named at once.',
    example: 'inventory.yaml:3:5: …',
    todo: 'Mend each place that is named; [the inventory](../inventory.md) lists the fields.',
  },
  'invalid-option': {
    when: 'A charm refuses the value of an option, nobody has vouched for a resource, its file is not there, or a secret stands for nothing.',
    example: `error: kata:kata: there is no file /home/me/kata-static-3.20.0-amd64.tar.xz
  hint: say where it is: --resource kata:kata=PATH`,
    todo: '`kcharm charm show NAME` lists the options and resources with what they may be; `kcharm resource pin` vouches for bytes.',
  },
  relation: {
    when: 'Two applications cannot be related as asked: several endpoints fit, none fits, or the relation is there already.',
    example: 'error: kata containerd: kata:runtime containerd:handlers exists: expected a new relation',
    todo: 'Name the endpoints, `APP:ENDPOINT`; `kcharm status` shows which relations there are.',
  },
  'not-found': {
    when: 'A charm, application, unit, machine, lab or file that was named does not exist.',
    example: `error: there is no lab named demo
  hint: kcharm lab up makes one.`,
    todo: 'Take one of those that the hint names.',
  },
  'no-model': {
    when: 'This operator has no record of the model: another laptop, or a state folder that was lost. The machines still have theirs.',
    example: `error: there is no record of a model default in …
  hint: kcharm deploy bundle BUNDLE --inventory FILE makes it, or restores it from its machines`,
    todo: 'Deploy with the bundle and the inventory: what is declared comes back from the machines.',
  },
  changes: {
    when: '`kcharm diff` found that a machine is not as declared. It is an answer, not a failure.',
    example: 'Model tour: 1 change on 1 of 3 machines.',
    todo: 'Look at what is shown; the deploy of the same bundle puts it right, with its plan shown first.',
  },
  'plan-stale': {
    when: 'Since a plan was made a machine, or the model, has changed. `kcharm apply` carries out the plan or nothing.',
    example: `error: the machines are not as they were when the plan was made
  n2: link:/opt/kata
  hint: nothing was changed; plan again and look at what is different`,
    todo: 'Plan again, and look at what is different.',
  },
  'unit-failed': {
    when: 'A step failed on a machine: no space, a package manager that is held, a daemon that does not come up. The other units finished. `wait-for`, `exec` and actions use it, too, when what they ask for is not so.',
    example: 'install containerd …: process 4711 (perl …) has held the package manager for 300 s',
    todo: 'Mend what the message says, and run the same command again: it goes on from there. `kcharm debug-log` shows the steps.',
  },
  'rollout-stopped': {
    when: 'Upgrades go wave by wave, and a wave did not end well: a machine refused or failed its new version, or was not well any more when its soak time was over. The machines after it were left on the old version.',
    example: 'n2: left as it was, since the wave before did not end well: n1: stays on 1.7.24: 2.3.7 was refused: …',
    todo: 'Mend what is said of the first machine, then `kcharm resolve UNIT` or `kcharm upgrade APP` tries it again and goes on with the others. `kcharm rollback APP` takes those back that have the new version already.',
  },
  'unit-blocked': {
    when: 'A unit will not go on without a person: a machine is not fit, or something of somebody else is in the way. What it had was left as it was.',
    example: 'space in /opt: found 3 MiB, needs 64 MiB (free some space …)',
    todo: 'Do what the hint says, then `kcharm resolve UNIT` or the same command again. `kcharm preflight` names all faults at once.',
  },
  connection: {
    when: 'There was no SSH connection to a machine, or it broke. The others went on.',
    example: 'error: n1: no SSH connection to 192.0.2.11:22: connection refused',
    todo: '`kcharm inventory check FILE` tries each login. Then run the same command again.',
  },
  'host-key': {
    when: 'A machine showed another host key than the known one, or an unknown one where ssh_config wants to know all. The others went on.',
    example: `error: n1 (192.0.2.11:22) showed the host key ssh-ed25519 SHA256:…; …/known_hosts:3 knows ssh-ed25519 SHA256:…
  hint: if the machine was set up anew, forget the old key: ssh-keygen -R '192.0.2.11' -f …/known_hosts`,
    todo: 'Find out why. Only if the machine was set up anew, run what the hint says.',
  },
  auth: {
    when: 'A login, or sudo, was refused; or the place of a secret in the inventory stands for nothing.',
    example: `error: n1: sudo without a password is needed for op and was refused:
sudo: a password is required`,
    todo: 'Mend the user, the key or `sudo` in [the inventory](../inventory.md); `kcharm inventory check FILE` tries it.',
  },
  locked: {
    when: 'Another kcharm works on the machine or on the model; or a step of one that has ended still runs there.',
    example: `error: the model default is in use by me@laptop (kcharm deploy, process 4711)
  hint: wait until it has finished`,
    todo: 'Wait, and run the same command again. No lock outlives its process.',
  },
  'foreign-model': {
    when: 'The machine holds units of another model. One machine belongs to one model.',
    example: `error: n1 belongs to the model tour
  hint: use --model tour, or remove what that model has there first`,
    todo: 'Do one of the two.',
  },
  declined: {
    when: 'The changes were shown, and the answer was no; or nobody could be asked.',
    example: `error: the changes were shown, and nobody could be asked: standard input is no terminal
  hint: look at them, then add --yes`,
    todo: 'Nothing was changed. In scripts: `--yes`, or a plan that is kept and applied.',
  },
  lab: {
    when: 'Throwaway nodes could not be made, reached or taken away.',
    example: 'error: port 40123 of 127.0.0.1, which the lab used before, is taken',
    todo: '`kcharm lab down NAME` takes away what there is, however far it got; then `kcharm lab up NAME`.',
  },
  'unsafe-input': {
    when: 'A file or an archive holds what kcharm will not touch: a path that leads out of its place, or a configuration in which no safe edit is possible. It was left alone.',
    example: "error: /etc/containerd/config.toml: its layout leaves no place for kcharm's tables; it was left alone",
    todo: 'Use another archive, or write the place that is named as the hint says.',
  },
  interrupted: {
    when: 'Ctrl-C. Once: the steps that ran were finished and none was begun. Twice: it ended at once; a step that ran on a machine goes on to its end there. Or the time of --timeout was over: as with one Ctrl-C.',
    example: 'error: stopped by the user; the next run goes on',
    todo: 'Run the same command again: it comes to the same end.',
  },
}

/** A page for each code, by its path. */
export function renderErrorPages(): Record<string, string> {
  return Object.fromEntries(Object.entries(HELP).map(([code, help]) => [errorPage(code), pageOf(code as Code, help)]))
}

export function errorPage(code: string): string {
  return `docs/reference/errors/${code}.md`
}

function pageOf(code: Code, { when, example, todo }: Help): string {
  const { exit, retry, says } = CODES[code]
  const again = retry ? 'The same command may succeed later.' : 'The same command will not succeed by itself.'
  return `# ${code}

Exit status ${exit}: ${says}. ${again}

${when}

\`\`\`text
${example}
\`\`\`

**What to do.** ${todo}

[All errors](../errors.md)
`
}
