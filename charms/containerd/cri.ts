import { path } from '../../lib/host/shell.ts'

/** RuntimeCondition in the answer: type (field 1) `RuntimeReady`, then status (field 2) true. */
const ANSWER = 'RuntimeReady\\x10(.)'

const PERL =
  `use IO::Socket::UNIX; local $/; my $q = <STDIN>; my $s = IO::Socket::UNIX->new(Peer => $ARGV[0]) or die; alarm 5; ` +
  `syswrite $s, $q; my $a = ""; while (sysread $s, my $b, 4096) { $a .= $b; last if $a =~ /${ANSWER}/s } ` +
  `print $a =~ /${ANSWER}/s && $1 eq "\\x01" ? "ready" : "not ready"`

const PYTHON =
  `import socket,sys,re; s=socket.socket(socket.AF_UNIX); s.settimeout(5); s.connect(sys.argv[1]); ` +
  `s.sendall(sys.stdin.buffer.read()); a=b""; f=lambda: re.search(b"${ANSWER}",a,re.S)\n` +
  `while not f():\n b=s.recv(4096)\n a+=b\n if not b: break\n` +
  `print("ready" if f() and f().group(1)==b"\\x01" else "not ready")`

/**
 * Asks the CRI for its status without any tool of Kubernetes: one gRPC request is a fixed string of HTTP/2 frames, sent
 * over the socket by what the machine has (perl is essential on Debian; python3, socat or crictl elsewhere).
 * Prints `runtime ready`, `runtime not ready` or `runtime unknown`.
 */
export function criStatus(absolute: string): string {
  const socket = path(absolute)
  return [
    `cri_request() { printf '${octal(request())}'; }`,
    `if [ ! -S ${socket} ]; then cri=absent`,
    `elif command -v perl >/dev/null 2>&1; then cri=$(cri_request | perl -e '${PERL}' ${socket})`,
    `elif command -v python3 >/dev/null 2>&1; then cri=$(cri_request | python3 -c '${PYTHON}' ${socket})`,
    `elif command -v crictl >/dev/null 2>&1; then`,
    `  crictl -r unix://${socket} info 2>/dev/null | tr -d ' \\n' | grep -q '"status":true,"type":"RuntimeReady"' && cri=ready || cri='not ready'`,
    `else cri=unknown; fi`,
    `echo "runtime \${cri:-not ready}"`,
  ].join('\n')
}

/** Connection preface, SETTINGS, HEADERS and DATA of `POST /runtime.v1.RuntimeService/Status` (RFC 9113, RFC 7541). */
function request(): Buffer {
  const headers = Buffer.concat([
    Buffer.from([0x83, 0x86]),
    literal(0x04, '/runtime.v1.RuntimeService/Status'),
    literal(0x01, 'localhost'),
    Buffer.from([0x0f, 0x10]),
    text('application/grpc'),
    Buffer.from([0x00]),
    text('te'),
    text('trailers'),
  ])
  return Buffer.concat([
    Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
    frame({ type: 4, flags: 0, stream: 0 }, Buffer.alloc(0)),
    frame({ type: 1, flags: 4, stream: 1 }, headers),
    frame({ type: 0, flags: 1, stream: 1 }, Buffer.alloc(5)),
  ])
}

function frame(head: { type: number; flags: number; stream: number }, payload: Buffer): Buffer {
  const length = [payload.length >> 16, payload.length >> 8, payload.length].map((part) => part & 0xff)
  return Buffer.concat([Buffer.from([...length, head.type, head.flags, 0, 0, 0, head.stream]), payload])
}

function literal(nameIndex: number, value: string): Buffer {
  return Buffer.concat([Buffer.from([nameIndex]), text(value)])
}

function text(value: string): Buffer {
  return Buffer.concat([Buffer.from([value.length]), Buffer.from(value)])
}

function octal(bytes: Buffer): string {
  return [...bytes].map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('')
}
