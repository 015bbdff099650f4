import { isTable, type Table } from './parse.ts'

/** Other tools that have written in this configuration and may do so again, by signs that only they leave. */
export function writersOf(config: Table, text: string): string[] {
  const values = textsIn(config)
  const comments = text.split('\n').filter((line) => line.trimStart().startsWith('#'))
  const left = ({ values: all, comment }: Sign) =>
    (all !== undefined && all.every((sign) => values.some((value) => sign.test(value)))) ||
    (comment !== undefined && comments.some((line) => comment.test(line)))
  return SIGNS.filter(left).map(({ writer }) => writer)
}

function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  if (Array.isArray(value)) return value.flatMap(textsIn)
  return isTable(value) ? Object.values(value).flatMap(textsIn) : []
}

interface Sign {
  writer: string
  /** Values that stand there together. */
  values?: RegExp[]
  comment?: RegExp
}

const SIGNS: Sign[] = [
  { writer: 'nvidia-ctk', values: [/\/nvidia-container-runtime(\.\w+)?$|\/99-nvidia\.toml$/] },
  { writer: 'kata-deploy', values: [/\/kata-deploy[^/]*\.toml$/], comment: /\bkata-deploy\b/ },
  { writer: 'kubespray', values: [/\/cri-base\.json$/, /^\/usr\/local\/bin\/runc$/], comment: /\bkubespray\b/i },
  { writer: 'Ansible', comment: /\bansible[ _-]managed\b/i },
  { writer: 'the charm containerd of Juju', values: [/^rocks\.canonical\.com|^\/root\/cdk\//] },
]
