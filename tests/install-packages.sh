#!/usr/bin/env bash
# Installs the Debian packages that the tests need and this machine lacks: a browser, a database server, gettext, fonts,
# and with the argument `slurm` also Slurm and what it stands on. With `metrics` Prometheus and VictoriaMetrics are
# unpacked into .venv/metrics and not installed: their packages would start daemons.
set -euo pipefail

wanted=()
command -v chromium >/dev/null || wanted+=(chromium)
command -v msgfmt >/dev/null || wanted+=(gettext)
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || wanted+=(postgresql)
[ -e /usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc ] || wanted+=(fonts-noto-cjk)
if [[ " $* " == *" slurm "* ]]; then
slurm=(slurmctld slurmd slurmdbd slurmrestd slurm-client slurm-wlm-basic-plugins slurm-wlm-jwt-plugin)
slurm+=(slurm-wlm-mysql-plugin munge)
[ -x /usr/sbin/slurmctld ] && [ -x /usr/sbin/slurmrestd ] && [ -n "$(find /usr/lib -name auth_jwt.so -print -quit)" ] || wanted+=("${slurm[@]}")
[ -x /usr/sbin/mariadbd ] || wanted+=(mariadb-server-core mariadb-client-core)
[ -e /usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1 ] || wanted+=(faketime)
[ -x /usr/sbin/ip ] || [ -x /sbin/ip ] || wanted+=(iproute2)
fi
metrics=()
if [[ " $* " == *" metrics "* ]]; then
for name in prometheus victoria-metrics; do
command -v "$name" >/dev/null || [ -x ".venv/metrics/$name" ] || metrics+=("$name")
done
fi
[ ${#wanted[@]} -eq 0 ] && [ ${#metrics[@]} -eq 0 ] && exit 0

echo "Installing Debian packages for the tests: ${wanted[*]} ${metrics[*]}"
as_root=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || [ ${#wanted[@]} -ne 0 ] || exit 0
  command -v sudo >/dev/null || { echo "Install these as root first: ${wanted[*]}" >&2; exit 1; }
  as_root=(sudo)
fi
export DEBIAN_FRONTEND=noninteractive
"${as_root[@]}" apt-get update -qq
[ ${#wanted[@]} -eq 0 ] || "${as_root[@]}" apt-get install -y -qq --no-install-recommends "${wanted[@]}" >/dev/null
[ ${#metrics[@]} -eq 0 ] && exit 0
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
chmod 755 "$folder"
(cd "$folder" && apt-get download -qq -o APT::Sandbox::User=root "${metrics[@]}" && for file in *.deb; do dpkg-deb -x "$file" .; done)
mkdir -p .venv/metrics
for name in prometheus promtool victoria-metrics; do
[ ! -x "$folder/usr/bin/$name" ] || mv "$folder/usr/bin/$name" .venv/metrics/
done
