import type { TestLab } from './labs.ts'
import { installOnline } from './online.ts'

/** Where the node has the repositories: `apt`, `dnf` and `zypper`, signed with `key.asc` and not with `other.asc`. */
export const REPOSITORY = '/srv/repository'

/**
 * Makes a node on which apt, dnf and zypper all work, and a signed repository for each, with a daemon `kcdemo` in the versions
 * 1.0 and 1.1 that its package starts and restarts, and `kcdep` that it needs.
 */
export async function makeRepositories(lab: TestLab, node: string): Promise<void> {
  await installOnline(lab, node, TOOLS)
  await lab.sh(node, BUILD)
}

const TOOLS = ['dnf', 'zypper', 'rpm', 'createrepo-c', 'gpg']

/** rpm of Debian keeps its database in the home folder and is fit for building only, unless told otherwise. */
const BUILD = String.raw`set -e
rm -rf /var/lib/apt/lists/* && apt-get update -qq
mkdir -p /srv/build /srv/repository/apt /srv/repository/dnf /var/lib/rpm /etc/rpm /etc/products.d /etc/yum.repos.d /etc/zypp/repos.d && cd /srv/build
printf '%%_dbpath /var/lib/rpm\n' >/etc/rpm/macros
for each in demo other; do
  gpg --batch --quiet --passphrase '' --quick-gen-key $each@example.org rsa2048 sign 0 2>&1
done
gpg --armor --export demo@example.org >/srv/repository/key.asc
gpg --armor --export other@example.org >/srv/repository/other.asc
printf '[Service]\nExecStart=/bin/sleep 100000\n[Install]\nWantedBy=multi-user.target\n' >kcdemo.service
start='systemctl enable -q kcdemo; systemctl daemon-reload; systemctl restart kcdemo || :'
deb() {
  tree=deb/$1-$2
  mkdir -p $tree/DEBIAN $tree/usr/lib/systemd/system $tree/usr/share/$1
  echo $2 >$tree/usr/share/$1/version
  printf '%s: %s\n' Package $1 Version $2-1 Architecture all Maintainer 'demo <demo@example.org>' Description demo >$tree/DEBIAN/control
  if [ $1 = kcdemo ]; then
    echo 'Depends: kcdep' >>$tree/DEBIAN/control
    cp kcdemo.service $tree/usr/lib/systemd/system
    printf '#!/bin/sh\n[ "$1" != configure ] || { %s; }\n' "$start" >$tree/DEBIAN/postinst
    printf '#!/bin/sh\n[ "$1" != remove ] || systemctl disable -q --now kcdemo\n' >$tree/DEBIAN/prerm
    chmod 755 $tree/DEBIAN/p*
  fi
  dpkg-deb --root-owner-group --build $tree /srv/repository/apt/$1_$2.deb >/dev/null
}
rpm_() {
  needs='Provides: /bin/sh' unit='' scripts='' # rpm knows of no shell on this system
  if [ $1 = kcdemo ]; then
    needs='Requires: kcdep' unit=/usr/lib/systemd/system/kcdemo.service
    scripts=$(printf '%%post\n%s\n%%preun\n[ $1 -gt 0 ] || systemctl disable -q --now kcdemo || :\n' "$start")
  fi
  {
    printf '%s: %s\n' Name $1 Version $2 Release 1 Summary demo License MIT BuildArch noarch
    printf '%s\n%%description\ndemo\n%%install\nmkdir -p %%{buildroot}/usr/lib/systemd/system %%{buildroot}/usr/share/%s\n' "$needs" $1
    printf 'echo %s >%%{buildroot}/usr/share/%s/version\n[ -z "%s" ] || cp /srv/build/kcdemo.service %%{buildroot}%s\n' $2 $1 "$unit" "$unit"
    printf '%s\n%%files\n/usr/share/%s/version\n%s\n' "$scripts" $1 "$unit"
  } >$1.spec
  rpmbuild -bb --quiet --define '_topdir /srv/build/top' $1.spec
}
for make in deb rpm_; do $make kcdep 1.0; $make kcdemo 1.0; $make kcdemo 1.1; done
cp top/RPMS/noarch/*.rpm /srv/repository/dnf
rpmsign --define '_gpg_name demo@example.org' --addsign /srv/repository/dnf/*.rpm >/dev/null
createrepo_c -q /srv/repository/dnf
gpg --batch --quiet -u demo@example.org --armor --detach-sign /srv/repository/dnf/repodata/repomd.xml
cp /srv/repository/key.asc /srv/repository/dnf/repodata/repomd.xml.key
ln -s dnf /srv/repository/zypper
cd /srv/repository/apt
for each in *.deb; do
  dpkg-deb -f $each
  printf 'Filename: ./%s\nSize: %s\nSHA256: %s\n\n' $each $(stat -c %s $each) $(sha256sum <$each | cut -d ' ' -f 1)
done >Packages
printf 'Origin: demo\nDate: %s\nSHA256:\n %s %s Packages\n' "$(date -Ru)" $(sha256sum <Packages | cut -d ' ' -f 1) $(stat -c %s Packages) >Release
gpg --batch --quiet -u demo@example.org --clearsign -o InRelease Release
rm -rf /srv/build
`
