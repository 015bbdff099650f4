import type { TestLab } from './labs.ts'

/** Answers every HTTP request with 404 and keeps its head; perl is on every Debian. */
const SERVER = String.raw`
use IO::Socket::INET; my ($port, $file) = @ARGV;
my $s = IO::Socket::INET->new(LocalAddr => "127.0.0.1", LocalPort => $port, Listen => 9, ReuseAddr => 1) or die;
while (my $c = $s->accept) {
  my $head = ""; while (<$c>) { last if /^\r?\n$/; $head .= $_ }
  open my $f, ">>", $file; print $f $head; close $f;
  print $c "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"; close $c
}`

/** A server on a node's own loopback that remembers what it was asked. */
export interface Counter {
  /** The heads of all requests since the start. */
  heads(): Promise<string>
  stop(): Promise<void>
}

export async function startCounter(lab: TestLab, node: string, port: number): Promise<Counter> {
  const [unit, file] = [`counter-${port}`, `/run/counter-${port}`]
  const program = Buffer.from(SERVER).toString('base64')
  await lab.sh(
    node,
    `: >${file}; systemd-run -q --unit=${unit} sh -c 'exec perl -e "$(echo ${program} | base64 -d)" ${port} ${file}'
    for i in 1 2 3 4 5 6 7 8 9; do perl -MIO::Socket::INET -e 'exit !IO::Socket::INET->new("127.0.0.1:${port}")' && break; sleep 0.3; done; : >${file}`,
  )
  return {
    heads: () => lab.sh(node, `cat ${file}`),
    stop: async () => void (await lab.sh(node, `systemctl stop ${unit}; rm -f ${file}`)),
  }
}
