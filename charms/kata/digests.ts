/**
 * SHA-256 of releases, only those that somebody has published: upstream's releases come without. Source: kubespray at 46dbdd399,
 * roles/kubespray_defaults/vars/main/checksums.yml.
 */
export const DIGESTS: Record<string, string> = {
  'kata-static-3.32.0-amd64.tar.zst': '1449ecea50bd91fa73a94648db195d18950fe869ba4b1f12d05f55f1fa7c1b01',
  'kata-static-3.32.0-arm64.tar.zst': '8736c054d9223974735394f822000823baef509e1c33405ec798240fa9b6e4b5',
}
