import { HOME, KEPT, MANIFEST, RUN, STILL } from './shell.ts'

/**
 * The functions that readings and write scripts call. POSIX sh with coreutils (GNU, uutils or busybox). Readings make no
 * file anywhere: no here-documents (bash keeps those in /tmp), no package cache and no
 * planner's log (/var/log/apt/eipp.log.xz, which apt-get writes also in a simulation).
 */
export const READING_PRELUDE = String.raw`
kc_nl='
'
kc_owner='%U:%G'
[ -z "$R" ] || kc_owner=root:root
kc_sha() { kc_sum=$(sha256sum <"$1"); printf %s "\${kc_sum%% *}"; }
kc_other() { if [ -h "$1" ]; then echo link; elif [ -d "$1" ]; then echo directory; elif [ -f "$1" ]; then echo file; else echo special; fi; }
kc_file() {
  if [ ! -e "$1" ] && [ ! -h "$1" ]; then echo none
  elif [ -h "$1" ] || [ ! -f "$1" ]; then kc_other "$1"
  else kc_sum=$(sha256sum <"$1"); echo "file $(stat -c "%a $kc_owner %s" "$1") \${kc_sum%% *}"; fi; }
kc_dir() {
  if [ ! -e "$1" ] && [ ! -h "$1" ]; then echo none
  elif [ -h "$1" ] || [ ! -d "$1" ]; then kc_other "$1"
  else echo "dir $(stat -c %a "$1")"; fi; }
kc_link() {
  if [ -h "$1" ]; then kc_target=$(readlink "$1") && printf 'link %s\n' "\${kc_target#"$R"}"
  elif [ -e "$1" ]; then kc_other "$1"; else echo none; fi; }
kc_module() {
  if [ -d "$R/sys/module/$1" ] || tr - _ <"$R/lib/modules/$(uname -r)/modules.builtin" 2>/dev/null | grep -qF "/$1.ko"
  then echo loaded; else echo absent; fi; }
kc_package() {
  kc_said=$(dpkg-query -W -f='\${db:Status-Status} \${Version}\n' "$1" 2>/dev/null)
  case $kc_said in
  'installed '* | 'triggers-'*) echo "installed \${kc_said#* }" ;;
  'config-files '*) echo config ;;
  '' | 'not-installed '*) echo none ;;
  *) echo partial ;; esac; }
kc_rpm() {
  [ "$(ls -A "$R/var/lib/rpm" "$R/usr/lib/sysimage/rpm" 2>/dev/null)" ] || { echo none; return; }
  rpm -q --qf 'installed %{EVR}\n' "$1" 2>/dev/null | grep '^installed' | tail -n 1 | grep . || echo none; }
kc_dnf_candidates() {
  kc_logs=$(mktemp -d) || return
  COLUMNS=500 dnf -C --setopt=logdir="$kc_logs" --setopt=install_weak_deps=False --disableexcludes=all --assumeno install "$1" 2>/dev/null; rm -rf "$kc_logs"; }
kc_zypper_candidates() { ZYPP_LOGFILE=/dev/null zypper --no-refresh --non-interactive --xmlout install --dry-run --no-recommends --oldpackage "$1" 2>/dev/null; }
kc_holder() {
  kc_inode=$(stat -c %i "$1" 2>/dev/null) || return 0
  kc_pid=$(sed -n "s/^.* \([0-9]*\) [0-9a-f]*:[0-9a-f]*:$kc_inode .*/\1/p" "$R/proc/locks" 2>/dev/null | head -n 1)
  [ -z "$kc_pid" ] || echo "process $kc_pid ($(tr '\0\n' '  ' <"$R/proc/$kc_pid/cmdline" 2>/dev/null | cut -c 1-80))"; }
kc_pid_holder() {
  { read -r kc_pid || [ "$kc_pid" ]; } 2>/dev/null <"$1" || return 0
  [ ! -d "$R/proc/\${kc_pid:-none}" ] || echo "process $kc_pid ($(tr '\0\n' '  ' <"$R/proc/$kc_pid/cmdline" 2>/dev/null | cut -c 1-80))"; }
kc_indexed() {
  kc_read=
  [ ! -f "$2" ] || read -r kc_read <"$2"
  if [ -f "$1" ] && [ "$kc_read" = "$(kc_sha "$1")" ]; then echo read; else echo unread; fi; }
kc_apt_candidates() { apt-get -s -o Debug::NoLocking=1 -o Dir::Log::Planner= -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= install --no-install-recommends "$1" 2>/dev/null | grep -E '^(Inst|Conf) ' || :; }
kc_listing() { (cd "$1" && { find . -type d; find . ! -type d -exec stat -c '%n %f %s %Y' {} +; } | sort | sha256sum | cut -d' ' -f1); }
kc_tree() {
  if [ ! -d "$1" ]; then echo none; return; fi
  if [ ! -f "$2" ]; then echo "damaged -"; return; fi
  read -r kc_archive kc_list <"$2"
  if [ "$(kc_listing "$1")" = "$kc_list" ]; then echo "whole $kc_archive"; else echo "damaged $kc_archive"; fi; }
# kc_show VARIABLE PROPERTY, of $kc_unit
kc_show() {
  kc_value=\${kc_unit#*"$kc_nl$2="}
  [ "$kc_value" != "$kc_unit" ] || kc_value=
  eval "$1=\${kc_value%%"\$kc_nl"*}"; }
kc_service() {
  kc_name=$1 kc_stamp=$2; shift 2
  kc_unit=$kc_nl$(systemctl show --timestamp=unix -p LoadState,ActiveState,UnitFileState,InvocationID,ExecMainStartTimestamp "$kc_name" 2>/dev/null ||
    systemctl show -p LoadState,ActiveState,UnitFileState,InvocationID "$kc_name" 2>/dev/null)
  kc_show kc_load LoadState; kc_show kc_active ActiveState; kc_show kc_enabled UnitFileState
  kc_loaded=-
  if [ "$kc_active" = active ]; then
    kc_show kc_now InvocationID
    kc_invocation='' kc_digest=''
    [ ! -f "$kc_stamp" ] || read -r kc_invocation kc_digest <"$kc_stamp"
    if [ -n "$kc_invocation" ] && [ "$kc_invocation" = "$kc_now" ]; then kc_loaded=$kc_digest
    else
      kc_show kc_since ExecMainStartTimestamp
      kc_loaded=fresh kc_since=\${kc_since#@}
      for kc_path in "$@"; do
        kc_changed=$(stat -c %Z "$kc_path" 2>/dev/null) || continue
        [ "$kc_changed" -le "\${kc_since:-0}" ] 2>/dev/null || kc_loaded=stale
      done
    fi
  fi
  [ "$kc_load" != masked ] || [ ! -e "$R${STILL}/$kc_name" ] || kc_load=loaded
  echo "\${kc_load:-not-found} \${kc_active:-inactive} \${kc_enabled:--} $kc_loaded"; }
`.replaceAll('\\$', '$')

/**
 * What write scripts need besides; loaded once per session, when the first change is carried out. systemd 252 does not notice
 * that a unit has its first drop-in, nor that a file has come before its own: `kc_outdated` looks for both.
 */
export const WRITING_PRELUDE = String.raw`
kc_say() { printf 'kcharm: %s\n' "$*" >&2; }
kc_own() { [ -n "$R" ] || chown "$1" "$2"; }
kc_parents() { [ -d "$1" ] || (umask 022; mkdir -p "$1"); }
kc_sync() { dd if=/dev/null of="$1" conv=notrunc,fsync 2>/dev/null || sync; }
kc_rename() { mv -fT "$1" "$2" 2>/dev/null || { rm -f "$2" && mv -f "$1" "$2"; }; }
kc_keep() {
  [ -f "$1" ] || return 0
  mkdir -p "$2" && kc_copy=$2/$(kc_sha "$1") || return
  [ -f "$kc_copy" ] || { cp "$1" "$kc_copy.new" && chmod 600 "$kc_copy.new" && kc_sync "$kc_copy.new" && mv -f "$kc_copy.new" "$kc_copy"; }; }
kc_copy_whole() {
  kc_from=\${1#"$R"}
  [ -f "$1" ] || { kc_say "$kc_from is not there"; return 1; }
  mkdir -p "\${2%/*}" || return
  for kc_try in 1 2 3 4 5; do
    kc_was=$(stat -c '%Y %s' "$1") && cp -p "$1" "$2.kcharm-new" && chmod 600 "$2.kcharm-new" || { rm -f "$2.kcharm-new"; return 1; }
    if [ "$kc_was" = "$(stat -c '%Y %s' "$1")" ] && cmp -s "$1" "$2.kcharm-new"; then kc_sync "$2.kcharm-new" && mv -f "$2.kcharm-new" "$2"; return; fi
  done
  rm -f "$2.kcharm-new"; kc_say "$kc_from changes all the time"; return 1; }
kc_keep_output() {
  kc_to=$1; shift; mkdir -p "\${kc_to%/*}" || return
  (umask 077; "$@" >"$kc_to.kcharm-new") && kc_sync "$kc_to.kcharm-new" && mv -f "$kc_to.kcharm-new" "$kc_to" && return
  rm -f "$kc_to.kcharm-new"; kc_say "cannot put down what $* says"; return 1; }
kc_note() {
  mkdir -p "$R${HOME}" || return
  { [ ! -s "$R${MANIFEST}" ] || [ -z "$(tail -c 1 "$R${MANIFEST}")" ] || echo; printf '%s\n' "$@"; } |
    cat - >>"$R${MANIFEST}" && kc_sync "$R${MANIFEST}"; } # cat says why it cannot write, a shell's own printf does not
kc_validate() {
  kc_forbid=$1 kc_new=$2; shift 2
  kc_said=$("$@" 2>&1 >/dev/null) && { [ -z "$kc_forbid" ] || ! printf %s "$kc_said" | grep -qF "$kc_forbid"; } && return 0
  kc_say "the new file was refused by $1: $(printf %s "$kc_said" | tail -n 3 | tr '\n' ' ')"
  rm -f "$kc_new"; return 1; }
kc_apt() {
  kc_apt_get "$@" && return 0
  case $kc_out in *'dpkg --configure -a'*) DEBIAN_FRONTEND=noninteractive dpkg --force-confold --force-confdef --configure -a >/dev/null 2>&1 9>&-; kc_apt_get "$@" && return 0 ;; esac
  kc_say "apt-get $1 failed: $(printf %s "$kc_out" | grep -E '^(E:|dpkg:)' | head -n 3 | tr '\n' ' ')$(case $kc_out in *lock*) echo " held by $(kc_holder "$R/var/lib/dpkg/lock-frontend")" ;; esac)"
  return 1; }
kc_apt_get() {
  kc_out=$(DEBIAN_FRONTEND=noninteractive apt-get -y -q -o DPkg::Lock::Timeout=15 -o Dpkg::Options::=--force-confold -o Dpkg::Options::=--force-confdef "$@" 2>&1 9>&-); }
kc_install() {
  kc_manager=$1 kc_still=$2; shift 2
  for kc_each in $kc_still; do
    (umask 077; mkdir -p "$R${STILL}") && : >"$R${STILL}/$kc_each" && systemctl -q mask --runtime "$kc_each" 2>/dev/null || :
  done
  "kc_\${kc_manager}_install" "$@"; kc_status=$?
  for kc_each in $kc_still; do kc_unstill "$kc_each"; done
  systemctl daemon-reload; return $kc_status; }
kc_apt_install() {
  kc_said=$(kc_apt install --no-install-recommends --allow-downgrades "$@" 2>&1) && return
  kc_file=$(printf %s "$1" | sed 's/=/_/; s/:/%3a/g')_
  for kc_deb in "$R${KEPT}/$kc_file"*.deb "$R/var/cache/apt/archives/$kc_file"*.deb; do
    [ ! -f "$kc_deb" ] || { kc_apt install --no-install-recommends --allow-downgrades "$kc_deb" && return; }
  done
  printf '%s\n' "$kc_said" >&2; return 1; }
kc_repack() {
  kc_new=$2.kcharm-new; rm -rf "$kc_new" "$kc_new.deb"
  (umask 077; mkdir -p "\${2%/*}") && (umask 022; mkdir -p "$kc_new/DEBIAN") || return
  dpkg-query -s "$1" | sed '/^Status:/d; /^Conffiles:/d; /^ [^ ]* [0-9a-f]\{32\}/d' >"$kc_new/DEBIAN/control"
  for kc_part in $(dpkg-query --control-list "$1"); do
    [ "$kc_part" = md5sums ] || { dpkg-query --control-show "$1" "$kc_part" >"$kc_new/DEBIAN/$kc_part" && chmod 644 "$kc_new/DEBIAN/$kc_part"; }
    case $kc_part in preinst | postinst | prerm | postrm | config) chmod 755 "$kc_new/DEBIAN/$kc_part" ;; esac
  done
  kc_bad='' kc_out=''
  dpkg-query -L "$1" >"$kc_new.list" || kc_bad=list
  while IFS= read -r kc_path; do
    case $kc_path in /.) continue ;; esac
    if [ -d "$kc_path" ] && { [ ! -L "$kc_path" ] || grep -qF "$kc_path/" "$kc_new.list"; }; then (umask 022; mkdir -p "$kc_new$kc_path")
    elif [ -e "$kc_path" ] || [ -L "$kc_path" ]; then (umask 022; mkdir -p "$kc_new\${kc_path%/*}") && cp -a "$kc_path" "$kc_new$kc_path" || { kc_bad=$kc_path; break; }; fi
  done <"$kc_new.list"
  [ -z "$kc_bad" ] && kc_out=$(dpkg-deb -b "$kc_new" "$kc_new.deb" 2>&1) && kc_sync "$kc_new.deb" && mv -f "$kc_new.deb" "$2" || { rm -rf "$kc_new" "$kc_new.deb" "$kc_new.list"; kc_say "$1 cannot be kept: $kc_bad $kc_out"; return 1; }
  rm -rf "$kc_new" "$kc_new.list"; }
kc_dnf() {
  kc_out=$(dnf -y -q --setopt=install_weak_deps=False --disableexcludes=all "$@" 2>&1 9>&-) && return 0
  kc_say "dnf $1 failed: $(printf %s "$kc_out" | grep -E '^(Error|No match| *Problem)' | head -n 3 | tr '\n' ' ')"; return 1; }
kc_dnf_install() { kc_dnf install "$@"; }
kc_dnf_remove() { kc_dnf remove --noautoremove "$1"; }
kc_zypper() {
  kc_out=$(ZYPP_LOCK_TIMEOUT=15 zypper --non-interactive --quiet "$@" 2>&1 9>&-) && return 0
  case $kc_out in *rpmdb2solv*) # its cache of what is installed does not read: it makes a new one
    rm -rf "$R/var/cache/zypp/solv/@System"; kc_out=$(zypper --non-interactive --quiet "$@" 2>&1 9>&-) && return 0 ;; esac
  kc_say "zypper $1 failed: $(printf %s "$kc_out" | grep -v '^$' | tail -n 3 | tr '\n' ' ')"; return 1; }
kc_zypper_install() { kc_zypper install --no-recommends --oldpackage "$@"; }
kc_zypper_remove() { # it may fail after it has removed the package, when it reads anew what is installed
  [ "$(kc_rpm "$1")" != none ] || return 0
  kc_zypper remove "$1" || [ "$(kc_rpm "$1")" = none ]; }
kc_index() {
  kc_status=0; mkdir -p "\${3%/*}" || return
  case $1 in
  apt)
    { echo .; ls "$R/var/lib/apt/lists" 2>/dev/null; } >"$3.was"
    kc_apt update -o Dir::Etc::SourceList="$2" -o Dir::Etc::SourceParts=/dev/null -o APT::Get::List-Cleanup=false -o APT::Update::Error-Mode=any || kc_status=1
    ls "$R/var/lib/apt/lists" 2>/dev/null | grep -vxF -f "$3.was" >"$3.new" ;;
  *)
    { echo .; rpm -qa 'gpg-pubkey*'; } >"$3.was"
    sed -n 's#^gpgkey=file://##p' "$2" | while read -r kc_key; do rpm --import "$R$kc_key" || exit; done || kc_status=1
    if [ "$1" = dnf ]; then kc_dnf makecache --disablerepo='*' --enablerepo="$(kc_sections "$2" | paste -s -d , -)" || kc_status=1
    else kc_zypper --gpg-auto-import-keys refresh $(kc_sections "$2") || kc_status=1; fi
    rpm -qa 'gpg-pubkey*' | grep -vxF -f "$3.was" >"$3.new" ;;
  esac
  if [ $kc_status = 0 ]; then { kc_sha "$2" && echo && cat "$3.new" 2>/dev/null; } >"$3"; fi
  rm -f "$3.was" "$3.new"; [ -s "$3" ]; }
kc_forget_index() {
  case $1 in
  apt) sed 1d "$3" 2>/dev/null | while read -r kc_each; do rm -f "$R/var/lib/apt/lists/$kc_each"; done ;;
  dnf) kc_sections "$2" | while read -r kc_each; do rm -rf "$R/var/cache/dnf/$kc_each"-* "$R/var/cache/dnf/$kc_each".sol*; done ;;
  zypper) kc_sections "$2" | while read -r kc_each; do rm -rf "$R/var/cache/zypp/raw/$kc_each" "$R/var/cache/zypp/solv/$kc_each" "$R/var/cache/zypp/packages/$kc_each"; done ;;
  esac
  [ "$1" = apt ] || sed 1d "$3" 2>/dev/null | while read -r kc_each; do rpm -e "$kc_each"; done
  rm -f "$3"; rmdir "\${3%/*}" 2>/dev/null || :; }
kc_sections() { sed -n 's/^\[\(.*\)\]$/\1/p' "$1"; }
kc_unstill() {
  [ -e "$R${STILL}/$1" ] || return 0
  systemctl -q unmask --runtime "$1" 2>/dev/null; systemctl daemon-reload
  rm -f "$R${STILL}/$1"; rmdir "$R${STILL}" "$R${RUN}" 2>/dev/null || :; }
kc_apt_remove() {
  kc_how=purge
  dpkg-query -W -f='\${Conffiles}\n' "$1" 2>/dev/null | while read -r kc_conf kc_sum kc_rest; do
    [ -z "$kc_conf" ] || [ ! -f "$R$kc_conf" ] || [ "$(md5sum <"$R$kc_conf" | cut -d' ' -f1)" = "$kc_sum" ] || exit 1
  done || { kc_how=remove; kc_say "kept the configuration of $1: it was edited by a hand"; }
  kc_apt "$kc_how" "$1"; }
kc_outdated() {
  [ "$(systemctl show -p NeedDaemonReload --value "$1")" != yes ] || return 0
  kc_own="$R/etc/systemd/system/$1.service"
  [ ! -f "$kc_own" ] || [ "$R$(systemctl show -p FragmentPath --value "$1")" = "$kc_own" ] || return 0
  for kc_drop in "$R/etc/systemd/system/$1.service.d/"*.conf; do
    [ ! -e "$kc_drop" ] || case " $(systemctl show -p DropInPaths --value "$1") " in *" \${kc_drop#"$R"} "*) ;; *) return 0 ;; esac
  done
  return 1; }
kc_service_start() {
  kc_unstill "$1"
  ! kc_outdated "$1" || systemctl daemon-reload
  systemctl -q is-enabled "$1" 2>/dev/null || systemctl -q enable "$1" 2>/dev/null
  systemctl reset-failed "$1" 2>/dev/null
  if ! kc_out=$(systemctl restart "$1" 2>&1 9>&-); then
    kc_say "$1 does not come up: $(journalctl -u "$1" -n 40 -o cat --no-pager 2>/dev/null | grep -iE 'error|fatal|fail|invalid' | grep -vE "^($1\.service: |Failed to start )|level=info" | tail -n 3 | tr '\n' ' ')$kc_out"; return 1
  fi
  (umask 077; mkdir -p "\${2%/*}") && printf '%s %s\n' "$(systemctl show -p InvocationID --value "$1")" "$3" >"$2"; }
kc_service_forget() { kc_unstill "$1"; systemctl daemon-reload; systemctl reset-failed "$1" 2>/dev/null; rm -f "$2"; rmdir "\${2%/*}" "$R${RUN}" 2>/dev/null || :; }
kc_pour() { case $2 in tar.gz | tgz) gzip -dc <"$1" ;; tar.xz) xz -dc <"$1" ;; tar.zst) zstd -dc <"$1" ;; *) cat <"$1" ;; esac; }
kc_escape() {
  find "$1" -type l -exec sh -c 'top=$1; shift; for each; do
    case $(readlink -f "$each") in "$top"/* | "") ;; *) echo "$each -> $(readlink "$each")" ;; esac
  done' sh "$2" {} + | head -n 1; }
kc_refuse() { rm -rf "$kc_new" "$kc_blob" "$kc_blob.as"; kc_say "$1"; return 1; }
kc_unpack() {
  kc_blob=$1 kc_new=$2 kc_final=$3 kc_stamp=$4 kc_want=$5 kc_format=$6 kc_prefix=$7
  kc_have=$kc_want
  [ ! -f "$kc_blob.as" ] || read -r kc_format kc_have <"$kc_blob.as"
  [ "$(kc_sha "$kc_blob")" = "$kc_have" ] || { kc_refuse "the archive's digest is not $kc_have"; return; }
  kc_only="$kc_prefix(/.*)?" kc_from=$kc_new/$kc_prefix
  case $kc_prefix in .) kc_only='[^/].*' kc_from=$kc_new ;; esac
  if [ "$kc_format" = program ]; then
    rm -rf "$kc_new" "$kc_final.kcharm-old"; (umask 022; mkdir -p "$kc_new/bin") || return
    kc_from=$kc_new/bin; cp "$kc_blob" "$kc_from/$kc_prefix" && chmod 755 "$kc_from/$kc_prefix" || return
    kc_place; return
  fi
  kc_names=$( { { kc_pour "$kc_blob" "$kc_format" || echo 'tar: kcharm: damaged' >&3; } | tar -tf - 2>&1; } 3>&1) || kc_names='tar: kcharm: damaged'
  case $kc_names in *'tar: kcharm: damaged'*) kc_refuse "the archive cannot be read as $kc_format"; return ;; esac
  kc_bad=$(printf '%s\n' "$kc_names" | sed '/^tar: /{/emoving leading/!d;}; s#^\./##; s#/$##' | grep -vE "^($kc_only|$(kc_ancestors "$kc_prefix")|)\$" | head -n 1)
  [ -n "$kc_bad" ] || kc_bad=$(printf '%s\n' "$kc_names" | grep -E '(^|/)\.\.(/|$)' | head -n 1)
  [ -z "$kc_bad" ] || { kc_refuse "the archive holds an entry outside $kc_prefix: $kc_bad"; return; }
  rm -rf "$kc_new" "$kc_final.kcharm-old"; (umask 022; mkdir -p "$kc_new") || return
  if ! kc_said=$(kc_pour "$kc_blob" "$kc_format" | tar -xpof - -C "$kc_new" 2>&1) || [ ! -d "$kc_from" ]; then
    kc_refuse "unpacking failed: $(printf %s "$kc_said" | tail -n 2 | tr '\n' ' ')"; return
  fi
  kc_bad=$(kc_escape "$kc_new" "$(readlink -f "$kc_new")")
  [ -z "$kc_bad" ] || { kc_refuse "the archive holds a link that escapes: $kc_bad"; return; }
  kc_place; }
kc_place() {
  sync
  mkdir -p "\${kc_stamp%/*}" && printf '%s %s\n' "$kc_want" "$(kc_listing "$kc_from")" >"$kc_stamp" && kc_sync "$kc_stamp" || return
  [ ! -d "$kc_final" ] || mv -f "$kc_final" "$kc_final.kcharm-old" || return
  mv -f "$kc_from" "$kc_final" && rm -rf "$kc_new" "$kc_final.kcharm-old" "$kc_blob" "$kc_blob.as"; }
kc_ancestors() { kc_up=$1; while case $kc_up in */*) kc_up=\${kc_up%/*} ;; *) false ;; esac; do printf '%s|' "$kc_up"; done; printf '%s' '\.'; }
`.replaceAll('\\$', '$')

/** The root prefix is the session's variable `R`; without a session (tests) it is empty. */
export const ROOT_PREFIX = 'R=${R-}'
