import { KCHARM } from './clients.ts'
import { compare } from './measure.ts'
import { asMs, asRatio, type Table } from './report.ts'

/** How long it takes to say something that takes no work. */
export async function startOfProcess(rounds: number): Promise<Table> {
  const [kcharm, node] = await compare([{ argv: [KCHARM, '--version'] }, { argv: ['-e', '0'] }], 3 * rounds)
  const cells = kcharm && node ? [asMs(kcharm.ms), asMs(node.ms), asRatio(kcharm.ms / node.ms)] : []
  return { title: 'kcharm --version, beside node -e 0', head: ['kcharm', 'node', 'ratio'], rows: [cells] }
}
