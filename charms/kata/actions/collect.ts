import { z } from 'zod'
import { path } from '../../../lib/host/shell.ts'
import { action } from '../../../lib/lifecycle/action.ts'
import type { Ctx } from '../context.ts'
import { configPathIn, installed } from '../source.ts'
import { ETC_GO, ETC_RUST } from '../hints.ts'

const MARK = '==='

/**
 * What somebody wants to see who is asked for help. Kata's own script where the archive has one, else the same things read here.
 * Secrets are masked by key wherever an answer is shown.
 */
export const collect = action({
  description: 'Gathers versions, configurations and messages of Kata for a bug report, with secrets masked.',
  params: z.strictObject({}),
  makes: true,
  within: 180,
  ask(context: Ctx) {
    const { shims } = context.config
    const { root } = installed(context)
    const configs = [...new Set([...shims.map((shim) => configPathIn(context, shim)), ETC_GO, ETC_RUST])]
    const script = path(`${root}/bin/kata-collect-data.sh`)
    const bin = path(`${root}/bin`)
    return {
      key: 'kata:collect',
      lasting: 'fact',
      script: [
        `section() { printf '%s %s\\n' '${MARK}' "$1"; }`,
        `if [ -x ${script} ] && said=$(PATH=${bin}:$PATH ${script} 2>/dev/null) && [ -n "$said" ]; then`,
        `  section kata-collect-data.sh; printf '%s\\n' "$said" | head -c 400000`,
        'else',
        '  section machine; uname -srm; head -n 2 "$R"/etc/os-release; nproc; grep -E "^Mem" "$R"/proc/meminfo',
        `  section versions; for each in ${bin}/* ${path(`${root}/runtime-rs/bin`)}/* ${path(`${root}/libexec`)}/virtiofsd; do`,
        '    [ ! -x "$each" ] || case $each in *containerd-shim* | *kata-runtime | *qemu-system* | *cloud-hypervisor | *firecracker | *virtiofsd)',
        '      echo "${each#"$R"}: $("$each" --version 2>/dev/null | head -n 1)" ;; esac',
        '  done; containerd --version',
        `  for each in ${configs.map(path).join(' ')}; do`,
        `    [ ! -f "$each" ] || { section "\${each#"$R"}"; grep -vE "^[[:space:]]*(#|$)" "$each"; }`,
        `    for drop in "\${each%/*}"/config.d/*; do [ ! -f "$drop" ] || { section "\${drop#"$R"}"; cat "$drop"; }; done`,
        '  done',
        '  section "containerd config dump"; containerd config dump 2>/dev/null | grep -A12 kata',
        '  section modules; grep -E "^(kvm|vhost|vsock|tun)" "$R"/proc/modules',
        '  section journal; journalctl -q -t kata -n 200 -o short-iso --no-pager 2>/dev/null',
        'fi',
      ].join('\n'),
      parse(frame) {
        const sections = frame.split(`${MARK} `).slice(1)
        const result = Object.fromEntries(
          sections.map((text): [string, string] => {
            const cut = text.indexOf('\n')
            return cut < 0 ? [text, ''] : [text.slice(0, cut), text.slice(cut + 1).trimEnd()]
          }),
        )
        return { ok: sections.length > 0, says: `${sections.length} sections`, result }
      },
    }
  },
})
