#!/usr/bin/env bash
# Installs Debian packages where it may (root, or sudo that asks no password);
# otherwise prints the one line to run, and fails.
#   infra/dev/install.sh postgresql build-essential
set -euo pipefail

(($#)) || exit 0

if [[ $(id -u) == 0 ]]; then
    as_root=(env)
elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
    as_root=(sudo -n env)
else
    as_root=()
fi

if ! command -v apt-get >/dev/null || [[ ${#as_root[@]} == 0 ]]; then
    echo "Please install these Debian packages, then run the command again:" >&2
    echo "    sudo apt-get update && sudo apt-get install --no-install-recommends $*" >&2
    exit 1
fi

as_root+=(DEBIAN_FRONTEND=noninteractive)
apt=("${as_root[@]}" apt-get -o DPkg::Lock::Timeout=120)
echo "installing $*"
"${apt[@]}" update -qq

# The launcher runs a Postgres of its own: Debian's package must not start another one on port 5432.
if [[ " $* " == *" postgresql "* && ! -e /etc/postgresql-common/createcluster.conf ]]; then
    "${as_root[@]}" mkdir -p /etc/postgresql-common
    echo "create_main_cluster = false" | "${as_root[@]}" tee /etc/postgresql-common/createcluster.conf >/dev/null
    "${apt[@]}" install -y -qq --no-install-recommends -o Dpkg::Options::=--force-confold postgresql-common
fi
"${apt[@]}" install -y -qq --no-install-recommends -o Dpkg::Options::=--force-confold "$@"
