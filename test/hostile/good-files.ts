/** What the malformed ones are made from: each of these is right as it stands. */
export const BUNDLES = [
  `description: both
applications:
  containerd:
    charm: containerd
    to: all
    options: { hold: true, version: 1.7.24, no_proxy: [a, b] }
  kata:
    charm: kata
    options: { preflight: warn, shims: [qemu, clh] }
relations:
  - [kata, containerd]
`,
  `machines:
  n1:
  n2: { tags: [gpu] }
applications:
  containerd:
    charm: containerd
    num_units: 1
    to: [n1]
    resources: { containerd: containerd-2.3.7-linux-amd64.tar.gz }
    options: { source: archive }
`,
  `vars: { where: all, list: [qemu], release: 3.20.0 }
applications:
  runtime:
    charm: containerd
    to: "\${where}"
    options:
      registries:
        - host: docker.io
          mirrors:
            - url: https://mirror.example
              username: ann
              password: env:MIRROR
  kata:
    charm: kata
    options: { shims: "\${list}", version: "\${release}" }
relations: [[kata:runtime, runtime:handlers]]
`,
]

export const INVENTORIES = [
  `machines:
  - name: n1
    address: 127.0.0.1
    port: 2222
    user: ann
    tags: [gpu, rack-1]
  - name: n2
    address: node.example
    key: keys/id
`,
  `known-hosts: known_hosts
groups:
  workers:
    user: debian
    jump: bastion.example
    sudo: password
    variables: { rack: r1 }
machines:
  - name: n1
    address: 192.0.2.1
    groups: [workers]
    password: env:LOGIN
`,
]
