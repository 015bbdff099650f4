import type { TestLab } from './labs.ts'

/**
 * Puts a stand-in in the place of a node's Kata shim: a real virtual machine per container, on the node's own KVM, with the node's
 * kernel and busybox, named as Kata's are (`sandbox-ID`). It runs the container's command inside and hands on what that prints.
 * Everything else (the shim's protocol, tasks, signals) is runc's shim, whose runtime starts the machine. Its handler names no
 * configuration file, which runc's shim would refuse.
 */
export async function layVmShim(lab: TestLab, node: string, config: string): Promise<void> {
  await lab.sh(
    node,
    `set -e
mkdir -p /opt/stand-in
printf '%s' '${base64(SHIM)}' | base64 -d >/opt/kata/bin/containerd-shim-kata-v2
printf '%s' '${base64(RUNC)}' | base64 -d >/opt/stand-in/runc
printf '%s' '${base64(VMM)}' | base64 -d >/opt/stand-in/vmm
chmod 755 /opt/stand-in/*
sed -i '/ConfigPath/d' ${config}
systemctl restart containerd`,
  )
}

const SHIM = `#!/bin/sh
PATH=/opt/stand-in:$PATH exec containerd-shim-runc-v2 "$@"
`

/** runc, whose containers are made to start the machine: they see the node's programs and devices. */
const RUNC = `#!/bin/sh
bundle='' verb='' before='' id=''
for each; do
  [ "$before" != --bundle ] || bundle=$each
  [ "$each" != create ] || verb=create
  before=$each id=$each
done
if [ "$verb" = create ]; then
  root=$(sed 's/.*"root":{"path":"\\([^"]*\\)".*/\\1/' "$bundle/config.json")
  sed 's/.*"args":\\["\\/bin\\/sh","-c","\\([^]]*\\)"\\].*/\\1/; s/\\\\u003c/</g; s/\\\\u003e/>/g; s/\\\\"/"/g' "$bundle/config.json" >"$root/tmp/command"
  bind() { printf '{"destination":"%s","type":"bind","source":"%s","options":["rbind"]},' "$1" "$1"; }
  cat >"$bundle/config.json" <<END
{"ociVersion":"1.0.2","root":{"path":"$root"},
 "process":{"user":{"uid":0,"gid":0},"cwd":"/","env":["PATH=/usr/sbin:/usr/bin"],"args":["/bin/sh","/opt/stand-in/vmm","$id"]},
 "mounts":[$(for each in /usr /boot /opt /dev; do bind $each; done){"destination":"/proc","type":"proc","source":"proc"}],
 "linux":{"resources":{"devices":[{"allow":true,"access":"rwm"}]},"namespaces":[{"type":"pid"},{"type":"mount"}]}}
END
fi
exec /usr/sbin/runc "$@"
`

const VMM = `#!/bin/sh
mkdir -p /tmp/initrd/bin /tmp/initrd/proc && cd /tmp/initrd || exit
cp /usr/bin/busybox bin/busybox && ln -s busybox bin/sleep && cp /tmp/command command
printf '#!/bin/busybox sh\\n/bin/busybox mount -t proc proc /proc\\n/bin/busybox sh /command\\n/bin/busybox poweroff -f\\n' >init
chmod 755 init
find . | cpio -o -H newc --quiet | gzip -1 >/tmp/initrd.gz
qemu-system-x86_64 -name "sandbox-$1" -machine q35 -accel kvm -cpu host -m 256 -nodefaults -display none -no-reboot \\
  -kernel "$(ls /boot/vmlinuz-* | tail -n 1)" -initrd /tmp/initrd.gz -append 'console=ttyS0 quiet panic=-1' \\
  -serial stdio -monitor none </dev/null | sed -u 's|\\r||'
`

function base64(text: string): string {
  return Buffer.from(text).toString('base64')
}
