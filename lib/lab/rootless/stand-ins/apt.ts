import { sh } from './script.ts'

/** Packages are folders beside the stand-ins: \`version\`, \`depends\`, \`conffiles\`, \`services\`, and \`files\`, a tree. What is installed: var/lib/dpkg/stand-in. */
export const DPKG_QUERY = sh`
format=\${2#-f=} package=$3
stock=\${0%/*}/../packages
if ! read -r state version 2>/dev/null <"$KCHARM_ROOT/var/lib/dpkg/stand-in/$package"; then
  echo "dpkg-query: no packages found matching $package" >&2
  exit 1
fi
case $format in
*Status-Want*) if [ -e "$KCHARM_ROOT/var/lib/dpkg/stand-in/.hold-$package" ]; then echo hold; else echo install; fi ;;
*Conffiles*)
  while read -r path; do echo " $path $(md5sum <"$stock/$package/files$path" | cut -d' ' -f1)"; done <"$stock/$package/conffiles"
  echo ;;
'installed '*) echo "installed $version" ;;
*) echo "$state $version" ;;
esac
`

/** apt-get of Debian: install, remove, purge and their simulation. \`faults/dpkg-lock\`: somebody holds the lock; \`faults/apt\`: it fails with that text. */
export const APT_GET = sh`
umask 022
R=$KCHARM_ROOT
stock=\${0%/*}/../packages
status=$R/var/lib/dpkg/stand-in
PATH=\${0%/*}:$PATH

state_of() { if read -r state version 2>/dev/null <"$status/$1"; then echo "$state"; else echo none; fi; }
record() { mkdir -p "$status" && printf '%s\n' "$2" >"$status/$1.new" && mv -f "$status/$1.new" "$status/$1"; }
is_conffile() { grep -qxF "$2" "$stock/$1/conffiles"; }

unpack() {
  (cd "$stock/$1/files" && find . ! -type d) | while read -r file; do
    path=\${file#.}
    if is_conffile "$1" "$path" && [ -e "$R$path" ]; then continue; fi
    mkdir -p "$R\${path%/*}" && cp -P "$stock/$1/files$path" "$R$path" || exit
  done
}
configure() {
  record "$1" "half-configured $(cat "$stock/$1/version")"
  for service in $(cat "$stock/$1/services"); do
    systemctl -q enable "$service"
    systemctl daemon-reload
    systemctl start "$service" 2>/dev/null
  done
  record "$1" "installed $(cat "$stock/$1/version")"
}
install() {
  todo=''
  for name in $(cat "$stock/$1/depends") "$1"; do
    [ "$(state_of "$name")" = installed ] || todo="$todo $name"
  done
  [ "$todo" ] || echo "$1 is already the newest version ($(cat "$stock/$1/version"))."
  for name in $todo; do
    if [ "$simulate" ]; then echo "Inst $name ($(cat "$stock/$name/version") Debian:stand-in [all])"
    else
      record "$name" "half-installed $(cat "$stock/$name/version")"
      unpack "$name" && configure "$name" || exit 100
    fi
  done
}
remove() {
  [ "$(state_of "$1")" != none ] || { echo "Package '$1' is not installed, so not removed"; return; }
  for service in $(cat "$stock/$1/services"); do systemctl stop "$service"; done
  (cd "$stock/$1/files" && find . ! -type d) | while read -r file; do
    is_conffile "$1" "\${file#.}" && [ "$2" = remove ] || rm -f "$R\${file#.}"
  done
  (cd "$stock/$1/files" && find . -depth -type d) | while read -r folder; do
    [ -d "$stock/base/files/$folder" ] || rmdir "$R/$folder" 2>/dev/null
  done
  if [ "$2" = remove ] && [ -s "$stock/$1/conffiles" ]; then record "$1" "config-files $(cat "$stock/$1/version")"; return; fi
  for service in $(cat "$stock/$1/services"); do systemctl disable "$service"; done
  rm -f "$status/$1"
}

# Reads one source file, or none: its offer becomes a list file, as apt's does. \`faults/apt-update\`: the server does not answer.
update() {
  [ -f "$source" ] || return 0
  if [ -f "$R/faults/apt-update" ]; then echo "E: Failed to fetch $(sed -n 's/^URIs: //p' "$source")" >&2; exit 100; fi
  mkdir -p "$R/var/lib/apt/lists"
  : >"$R/var/lib/apt/lists/$(sed -n 's/^URIs: //p' "$source" | tr -c 'A-Za-z0-9.\\n' _)_InRelease"
}

simulate='' verb='' wanted='' source=''
while [ $# -gt 0 ]; do
  case $1 in
  -s) simulate=yes ;;
  -o) shift; case $1 in Dir::Etc::SourceList=*) source=\${1#*=} ;; esac ;;
  -*) ;;
  install | remove | purge | update) verb=$1 ;;
  *) wanted="$wanted $1" ;;
  esac
  shift
done

if [ -z "$simulate" ] && [ -f "$R/faults/dpkg-lock" ]; then
  echo "E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 4711 (unattended-upgr)" >&2
  echo "E: Unable to acquire the dpkg frontend lock (/var/lib/dpkg/lock-frontend), is another process using it?" >&2
  exit 100
fi
if [ -z "$simulate" ] && [ -f "$R/faults/apt" ]; then echo "E: $(cat "$R/faults/apt")" >&2; exit 100; fi
if [ -z "$simulate" ] && [ -f "$status/.interrupted" ]; then
  echo "E: dpkg was interrupted, you must manually run 'dpkg --configure -a' to correct the problem. " >&2
  exit 100
fi
echo 'Reading package lists...'
[ "$simulate" ] || { trap 'rm -f "$status/.interrupted"' EXIT && mkdir -p "$status" && : >"$status/.interrupted"; }
[ "$verb" != update ] || update
for each in $wanted; do
  name=\${each%%=*}
  [ -d "$stock/$name" ] || { echo "E: Unable to locate package $name" >&2; exit 100; }
  case $each in
  *=*) case $(cat "$stock/$name/version") in \${each#*=}) true ;; *) false ;; esac ||
    { echo "E: Version '\${each#*=}' for '$name' was not found" >&2; exit 100; } ;;
  esac
  case $verb in
  install) install "$name" ;;
  remove | purge) remove "$name" "$verb" ;;
  esac
done
`

/** apt-mark: hold and unhold. */
export const APT_MARK = sh`
status=$KCHARM_ROOT/var/lib/dpkg/stand-in
mkdir -p "$status"
case $1 in
hold) : >"$status/.hold-$2" ;;
unhold) rm -f "$status/.hold-$2" ;;
*) echo "apt-mark: the stand-in knows hold and unhold only" >&2; exit 2 ;;
esac
`

/** dpkg, as far as it mends what it was cut off in: \`--configure -a\`. What was not whole is unpacked again by apt. */
export const DPKG = sh`
case $* in *'--configure -a') ;; *) echo "dpkg: the stand-in knows --configure -a only" >&2; exit 2 ;; esac
rm -f "$KCHARM_ROOT/var/lib/dpkg/stand-in/.interrupted" "$KCHARM_ROOT/var/lib/dpkg/stand-in/"*.new
`
