# Sourced by up, down and test: where things are, and what the three share.
# shellcheck shell=bash

set -euo pipefail
shopt -s inherit_errexit nullglob
unset CDPATH

root=$(dirname -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")")
data=$root/.plannerd

# SwiftPM and pip keep their caches under HOME, and look nowhere else.
if [[ -z ${HOME:-} ]]; then
  HOME=$(getent passwd "$EUID" | cut -d: -f6)
  export HOME=${HOME:-/tmp}
fi

say() { printf '\n%s\n' "$*" >&2; }

die() {
  local status=$1
  shift
  printf 'ops/%s: %s\n' "${0##*/}" "$*" >&2
  exit "$status"
}

# until_true SECONDS COMMAND…: tries a command until it succeeds, for so long at most.
until_true() {
  local end=$((SECONDS + $1))
  shift
  until "$@"; do
    ((SECONDS < end)) || return 1
    sleep 0.05
  done
}

# --- Packages -------------------------------------------------------------------------------------

# The folder of the newest Postgres of version 15 or later, as the daemon finds it.
postgres_bin() {
  local version newest=0
  if [[ -n ${PLANNERD_POSTGRES_BIN:-} ]]; then
    echo "$PLANNERD_POSTGRES_BIN"
    return
  fi
  for folder in /usr/lib/postgresql/*/bin; do
    version=${folder#/usr/lib/postgresql/}
    version=${version%/bin}
    if [[ $version =~ ^[0-9]+$ && -x $folder/postgres ]] && ((version >= 15 && version > newest)); then
      newest=$version
    fi
  done
  if ((newest)); then echo "/usr/lib/postgresql/$newest/bin"; fi
}

# The package of the newest Postgres server that apt offers.
server_package() {
  local newest
  newest=$(apt-cache search --names-only '^postgresql-[0-9]+$' 2>/dev/null |
    sed -n 's/^postgresql-\([0-9]*\) .*/\1/p' | sort -n | tail -n 1)
  echo "postgresql-${newest:-15}"
}

# The words are package names; Postgres's server is asked for as `postgresql`.
missing_packages() {
  [[ -n $(postgres_bin) ]] || echo postgresql
  if command -v pkg-config >/dev/null; then
    pkg-config --exists libpq || echo libpq-dev
    pkg-config --exists libcrypto || echo libssl-dev
  else
    echo pkg-config libpq-dev libssl-dev
  fi
  [[ ${1:-} == tests ]] || return 0
  python3 -c 'import ensurepip, venv' 2>/dev/null || echo python3-venv
  command -v varlink-go-certification >/dev/null || echo varlink-go
}

# One line for a root shell. Debian's server package makes a cluster of its own and starts it on port
# 5432 unless it is told not to before.
install_line() {
  local packages=" $* " install="apt-get install -y --no-install-recommends"
  if [[ $packages == *" postgresql "* ]]; then
    packages=${packages/ postgresql / $(server_package) }
    printf '%s postgresql-common && ' "$install"
    printf 'pg_conftool /etc/postgresql-common/createcluster.conf set create_main_cluster false && '
  fi
  printf '%s%s\n' "$install" "${packages% }"
}

# need_packages [tests]: installs what is missing, or says how and exits 3.
need_packages() {
  local missing line as_root=()
  mapfile -t missing < <(missing_packages "$@" | tr ' ' '\n')
  ((${#missing[@]})) || return 0
  command -v apt-get >/dev/null ||
    die 3 "these are missing, by their names in Debian: ${missing[*]}"
  if ((EUID != 0)); then
    if ! sudo -n true 2>/dev/null; then
      line="apt-get update && $(install_line "${missing[@]}")"
      printf 'Some Debian packages are missing. Run this line, then ops/%s again:\n\n' "${0##*/}" >&2
      if command -v sudo >/dev/null; then line="sudo sh -c '$line'"; else line="su -c '$line'"; fi
      printf '%s\n' "$line"
      exit 3
    fi
    as_root=(sudo -n)
  fi
  say "Installing ${missing[*]}"
  as_root+=(env DEBIAN_FRONTEND=noninteractive)
  "${as_root[@]}" apt-get update -q || say "apt-get update failed; going on with the lists there are"
  line=$(install_line "${missing[@]}")
  "${as_root[@]}" sh -c "$line" || die 1 "installing failed: $line"
}

# --- Swift ----------------------------------------------------------------------------------------

# Puts a Swift toolchain on PATH.
need_swift() {
  if ! command -v swift >/dev/null && [[ -x /opt/swift/usr/bin/swift ]]; then
    PATH=$PATH:/opt/swift/usr/bin
  fi
  command -v swift >/dev/null ||
    die 3 "no Swift: put Swift 6.3 or later on PATH, or into /opt/swift (https://www.swift.org/install)"
  if [[ -e $root/.build && ! -w $root/.build ]]; then
    die 1 "$root/.build belongs to $(stat -c %U "$root/.build"), and you may not write there"
  fi
}

# --- The daemon of this checkout --------------------------------------------------------------------

# Where its socket is: in the data folder, unless the path is longer than a socket address holds.
socket_path() {
  local LC_ALL=C limit=107 folder name
  local path=$data/plannerd.sock
  if ((${#path} > limit)); then
    name=plannerd-$(printf %s "$root" | cksum | cut -d' ' -f1).sock
    folder=${XDG_RUNTIME_DIR:-}
    path=$folder/$name
    if [[ ! -d $folder || ! -w $folder ]] || ((${#path} > limit)); then
      path=/tmp/plannerd-$EUID/$name
    fi
  fi
  echo "$path"
}

# The process that holds the lock of the data folder.
daemon_pid() {
  local process name descriptor
  for process in /proc/[0-9]*; do
    { read -r name <"$process/comm"; } 2>/dev/null || continue
    [[ $name == plannerd ]] || continue
    for descriptor in "$process"/fd/*; do
      if [[ $descriptor -ef $data/lock ]]; then
        echo "${process#/proc/}"
        return
      fi
    done
  done
}

# The processes of its Postgres, the first of them last.
cluster_pids() {
  local process name folder=$data/postgres
  if [[ -e $data/postgres-location ]]; then read -r folder <"$data/postgres-location"; fi
  for process in /proc/[0-9]*; do
    { read -r name <"$process/comm"; } 2>/dev/null || continue
    if [[ $name == postgres && $process/cwd -ef $folder/data ]]; then echo "${process#/proc/}"; fi
  done | sort -rn
}

daemon_gone() { [[ -z $(daemon_pid) ]]; }
cluster_gone() { [[ -z $(cluster_pids) ]]; }

# Sends a signal to all of some processes; those that are gone meanwhile do not matter.
signal() {
  local name=$1 pid
  shift
  for pid in "$@"; do kill "-$name" "$pid" 2>/dev/null || true; done
}

# Stops the daemon, which stops its Postgres; and Postgres itself where nobody did.
stop_daemon() {
  local pid
  pid=$(daemon_pid)
  if [[ -n $pid ]]; then
    signal TERM "$pid"
    # It gives Postgres a minute for its last checkpoint.
    until_true 75 daemon_gone || signal KILL "$pid"
    until_true 5 daemon_gone || die 1 "process $pid does not end"
    # Until whoever is its parent by now has taken note of its end.
    until_true 2 test ! -e "/proc/$pid" || true
  fi
  # A daemon that was killed leaves a Postgres that has got its signal to stop.
  until_true 10 cluster_gone && return
  signal INT $(cluster_pids)
  until_true 30 cluster_gone && return
  signal QUIT $(cluster_pids)
  until_true 10 cluster_gone && return
  signal KILL $(cluster_pids)
  until_true 5 cluster_gone || die 1 "Postgres does not end: processes $(cluster_pids | tr '\n' ' ')"
}

# One ops/up or ops/down at a time. Descriptor 9 holds the lock; the daemon must not inherit it.
take_turn() {
  exec 9>"$data/ops.lock"
  flock 9
}
