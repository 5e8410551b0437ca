#!/usr/bin/env bash
# Installs the Debian packages that the tests need and this machine lacks: a browser, a database server, gettext, fonts,
# and with the argument `slurm` also Slurm and what it stands on.
set -euo pipefail

wanted=()
command -v chromium >/dev/null || wanted+=(chromium)
command -v msgfmt >/dev/null || wanted+=(gettext)
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || wanted+=(postgresql)
[ -e /usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc ] || wanted+=(fonts-noto-cjk)
if [ "${1:-}" = slurm ]; then
slurm=(slurmctld slurmd slurmdbd slurmrestd slurm-client slurm-wlm-basic-plugins slurm-wlm-jwt-plugin)
slurm+=(slurm-wlm-mysql-plugin munge)
[ -x /usr/sbin/slurmctld ] && [ -x /usr/sbin/slurmrestd ] && [ -n "$(find /usr/lib -name auth_jwt.so -print -quit)" ] || wanted+=("${slurm[@]}")
[ -x /usr/sbin/mariadbd ] || wanted+=(mariadb-server-core mariadb-client-core)
[ -e /usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1 ] || wanted+=(faketime)
[ -x /usr/sbin/ip ] || [ -x /sbin/ip ] || wanted+=(iproute2)
fi
[ ${#wanted[@]} -eq 0 ] && exit 0

echo "Installing Debian packages for the tests: ${wanted[*]}"
as_root=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || { echo "Install these as root first: ${wanted[*]}" >&2; exit 1; }
  as_root=(sudo)
fi
export DEBIAN_FRONTEND=noninteractive
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" apt-get install -y -qq --no-install-recommends "${wanted[@]}" >/dev/null
