#!/bin/bash
# A whole Slurm cluster on one machine, gone when its command ends.
#
#   slurm_lab.sh ns COMMAND…      run COMMAND in private mount, net, pid and uts namespaces (needs root)
#   slurm_lab.sh up NODES [LIVE]  munge, MariaDB, slurmdbd, slurmctld and LIVE real slurmds of 8 fake GPUs each
#   slurm_lab.sh restart NAME     kill -9 one daemon (slurmctld, slurmdbd, slurmd.n001 …) and start it again
#   slurm_lab.sh kill NAME        kill -9 one daemon
#   slurm_lab.sh down             stop everything in order
#
# LAB is a directory of its own. Slurm 22.05 (Debian 12) and newer. Why each odd line is there stands beside it.
# LABNAME, LABNODE (the stem of node names), LABGPU and LABPORT (the first of NODES + 100 ports) tell several apart.
# With LABCLOCK set every daemon and command runs on a clock of the lab's own: `slurm_lab.sh jump SECONDS` puts it at that
# many seconds after the real one (forwards only; needs the package faketime). LABOFFSET is a fixed distance instead.
# With LABREST set slurmrestd listens on the fourth port, with tokens.
set -eu
L=${LAB:?LAB must name a directory of its own}
COMMAND=$1
NODES=${2:-8}
LIVE=${3:-$NODES}
PORT=${LABPORT:-17000}
NAME=${LABNAME:-lab}
STEM=${LABNODE:-n}
GPU=${LABGPU:-h200}
USERS=${LABUSERS:-"alice bob carol dave"}
export SLURM_CONF=$L/etc/slurm.conf PATH=/usr/sbin:/usr/bin:/sbin:/bin:$PATH

use_own_clock() {
  mkdir -p "$L"
  export LD_PRELOAD=/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1 FAKETIME_DONT_FAKE_MONOTONIC=1
  if [ -n "${LABOFFSET:-}" ]; then
    export FAKETIME=$LABOFFSET
    return
  fi
  [ -e "$L/clock" ] || echo +0 >"$L/clock"
  # Real timers keep running, and no slurmd is declared dead because the clock jumped.
  export FAKETIME_TIMESTAMP_FILE=$L/clock FAKETIME_NO_CACHE=1 SLURMD_TIMEOUT=0
}

enter_namespaces() {
  mkdir -p "$L/etc"
  cp /etc/passwd /etc/group "$L/etc/"
  local uid=5000 name
  for name in $USERS; do
    uid=$((uid + 1))
    echo "$name:x:$uid:$uid::/tmp:/bin/bash" >>"$L/etc/passwd"
    echo "$name:x:$uid:" >>"$L/etc/group"
  done
  echo "127.0.0.1 localhost slurmlab" >"$L/etc/hosts"
  # Without an address beside 127.*, getaddrinfo finds no own name. quickack spares every round trip a 40 ms wait.
  exec unshare --mount --net --uts --pid --fork --kill-child --mount-proc bash -c '
    for file in passwd group hosts; do mount --bind "$0/etc/$file" "/etc/$file"; done
    hostname slurmlab
    mount -t tmpfs tmpfs /dev/shm
    ip link set lo up
    ip addr add 10.77.0.1/32 dev lo
    for route in 127.0.0.1 127.0.0.0/8; do
      ip route replace table local local "$route" dev lo proto kernel scope host src 127.0.0.1 quickack 1
    done
    "$@" # not exec: process 1 must reap orphans, or Slurm takes zombies for jobs that cannot be killed
    exit $?' "$L" "$@"
}

start() {
  local name=$1
  shift
  printf '%q ' "$@" >"$L/run/$name.command"
  setsid "$@" >>"$L/log/$name.out" 2>&1 </dev/null &
  echo $! >"$L/pid/$name"
}

wait_for() {
  local tries=$1
  shift
  for _ in $(seq "$tries"); do
    "$@" >/dev/null 2>&1 && return 0
    sleep .05
  done
  echo "slurm_lab.sh: gave up waiting for: $*" >&2
  return 1
}

is_alive() { # process 1 of a container may reap late, and kill -0 sees zombies
  [ -r "/proc/$1/stat" ] && [[ "$(cat "/proc/$1/stat" 2>/dev/null)" != *") Z "* ]]
}

stop() {
  local file pid
  for file in "$@"; do [ -f "$file" ] && kill "$(cat "$file")" 2>/dev/null || true; done
  for file in "$@"; do
    [ -f "$file" ] || continue
    pid=$(cat "$file")
    for _ in $(seq 100); do is_alive "$pid" || break; sleep .05; done
    ! is_alive "$pid" || kill -9 "$pid"
    rm -f "$file"
  done
}

murder() {
  local pid
  pid=$(cat "$L/pid/$1")
  kill -9 "$pid" 2>/dev/null || true
  for _ in $(seq 100); do is_alive "$pid" || break; sleep .02; done
}

revive() {
  local -a words
  eval "words=($(cat "$L/run/$1.command"))"
  start "$1" "${words[@]}"
}

write_configuration() {
  local host i
  host=$(hostname -s)
  mkdir -p "$L"/{etc,log,pid,state,spool,munge,db,run,dev}
  chmod 711 "$L/munge"
  (umask 077; head -c1024 /dev/urandom >"$L/munge/key"; head -c32 /dev/urandom >"$L/jwt.key")
  # A GPU must be a character device: plain files and Count= without File= do not register.
  for i in 0 1 2 3 4 5 6 7; do [ -e "$L/dev/gpu$i" ] || mknod -m 666 "$L/dev/gpu$i" c 195 "$i"; done
  cat >"$L/etc/slurm.conf" <<END
ClusterName=$NAME
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$PORT
SlurmUser=$(id -un)
SlurmdUser=$(id -un)
AuthType=auth/munge
AuthInfo=socket=$L/munge/sock
CredType=cred/munge
AuthAltTypes=auth/jwt
AuthAltParameters=jwt_key=$L/jwt.key
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
StateSaveLocation=$L/state
SlurmctldPidFile=$L/run/slurmctld.pid
SlurmctldLogFile=$L/log/slurmctld.log
SlurmdPidFile=$L/run/slurmd.%n.pid
SlurmdLogFile=$L/log/slurmd.%n.log
SlurmdSpoolDir=$L/spool/%n
SlurmdParameters=config_overrides
ProctrackType=proctrack/pgid
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
MpiDefault=none
SwitchType=switch/none
MailProg=/bin/true
ReturnToService=2
SlurmdTimeout=${SLURMD_TIMEOUT:-120}
SlurmctldTimeout=10
KillWait=2
MinJobAge=300
TreeWidth=65533
SchedulerType=sched/backfill
SchedulerParameters=bf_interval=2,sched_interval=2,sched_min_interval=100000,batch_sched_delay=0
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
PriorityType=priority/multifactor
PriorityDecayHalfLife=0
PriorityUsageResetPeriod=YEARLY
PriorityCalcPeriod=1
PreemptType=preempt/qos
PreemptMode=REQUEUE
GresTypes=gpu
AccountingStorageType=accounting_storage/slurmdbd
AccountingStorageHost=127.0.0.1
AccountingStoragePort=$((PORT + 1))
AccountingStoragePass=$L/munge/sock
AccountingStorageTRES=${LABTRES-gres/gpu,gres/gpu:$GPU}
AccountingStorageEnforce=associations,limits,qos,safe
EnforcePartLimits=ALL
END
  for i in $(seq 1 "$NODES"); do
    printf 'NodeName=%s%03d NodeHostname=%s NodeAddr=127.0.0.1 Port=%d CPUs=64 Boards=1 SocketsPerBoard=2 CoresPerSocket=32 ThreadsPerCore=1 RealMemory=1000000 Gres=gpu:%s:8 State=UNKNOWN\n' \
      "$STEM" "$i" "$host" $((PORT + 100 + i)) "$GPU"
  done >>"$L/etc/slurm.conf"
  echo "PartitionName=gpu Nodes=ALL Default=YES MaxTime=INFINITE State=UP" >>"$L/etc/slurm.conf"
  echo "Name=gpu Type=$GPU File=$L/dev/gpu[0-7]" >"$L/etc/gres.conf"
  # Newer slurmds want this file; 22.05 does not register with it.
  case "$(slurmd -V)" in *" 22."*) ;; *) echo CgroupPlugin=disabled >"$L/etc/cgroup.conf" ;; esac
  (umask 077; cat >"$L/etc/slurmdbd.conf" <<END
AuthType=auth/munge
AuthInfo=socket=$L/munge/sock
AuthAltTypes=auth/jwt
AuthAltParameters=jwt_key=$L/jwt.key
CommunicationParameters=NoInAddrAny
DbdHost=localhost
DbdAddr=127.0.0.1
DbdPort=$((PORT + 1))
SlurmUser=$(id -un)
LogFile=$L/log/slurmdbd.log
PidFile=$L/run/slurmdbd.pid
StorageType=accounting_storage/mysql
StorageHost=127.0.0.1
StoragePort=$((PORT + 2))
StorageUser=slurm
StoragePass=slurm
StorageLoc=slurm_acct
END
  )
}

start_database() {
  mariadb-install-db --no-defaults --user="$(id -un)" --datadir="$L/db" --auth-root-authentication-method=normal \
    --skip-test-db --skip-name-resolve >"$L/log/database.out" 2>&1
  start mariadbd mariadbd --no-defaults --user="$(id -un)" --datadir="$L/db" --socket="$L/run/db.sock" \
    --pid-file="$L/run/db.pid" --bind-address=127.0.0.1 --port=$((PORT + 2)) --skip-name-resolve --skip-log-bin \
    --performance-schema=OFF --innodb-buffer-pool-size=64M --innodb-flush-log-at-trx-commit=0 \
    --innodb-doublewrite=0 --innodb-lock-wait-timeout=900
  wait_for 400 mariadb --no-defaults -uroot -S "$L/run/db.sock" -e \
    "create database if not exists slurm_acct; create user if not exists slurm@'127.0.0.1' identified by 'slurm';
     grant all on slurm_acct.* to slurm@'127.0.0.1'"
}

start_rest() { # refuses to run as root or as SlurmUser
  start slurmrestd setpriv --reuid=65534 --regid=65534 --clear-groups env SLURM_JWT=daemon SLURM_CONF="$SLURM_CONF" \
    slurmrestd -a rest_auth/jwt -s openapi/v0.0.38,openapi/dbv0.0.38 "127.0.0.1:$((PORT + 3))"
}

count_idle() { sleep .1; [ "$(sinfo -h -N -t idle -o %N | wc -l)" -ge "$LIVE" ]; }

up() {
  ulimit -n "$(ulimit -Hn)" # a controller keeps a connection for each of many nodes
  write_configuration
  start munged munged --foreground --force --socket="$L/munge/sock" --key-file="$L/munge/key" \
    --pid-file="$L/munge/pid" --log-file="$L/munge/log" --seed-file="$L/munge/seed" --num-threads=10
  start_database
  start slurmdbd slurmdbd -D
  wait_for 400 sacctmgr -n list cluster
  sacctmgr -i -Q add cluster "$NAME" >/dev/null 2>&1 || true
  sacctmgr -i -Q add qos dure-lent >/dev/null # jobs on lent GPUs, which give way to all others
  sacctmgr -i -Q modify qos normal set Preempt=dure-lent >/dev/null
  start slurmctld slurmctld -D -f "$SLURM_CONF"
  local i node
  for i in $(seq 1 "$LIVE"); do
    node=$(printf %s%03d "$STEM" "$i")
    mkdir -p "$L/spool/$node"
    start "slurmd.$node" slurmd -D -f "$SLURM_CONF" -N "$node"
  done
  [ -z "${LABREST:-}" ] || start_rest
  wait_for 6000 count_idle
}

down() {
  stop "$L"/pid/slurmd.* "$L/pid/slurmrestd"
  stop "$L/pid/slurmctld"
  stop "$L/pid/slurmdbd"
  stop "$L/pid/mariadbd"
  stop "$L/pid/munged"
}


if [ -n "${LABCLOCK:-}${LABOFFSET:-}" ] && [ "$COMMAND" != ns ]; then use_own_clock; fi
case $COMMAND in
  ns) shift; enter_namespaces "$@" ;;
  up) up ;;
  kill) murder "$2" ;;
  restart) murder "$2"; revive "$2" ;;
  jump) echo "+$2" >"$L/clock" ;;
  down) down ;;
  *) echo "slurm_lab.sh: unknown command $COMMAND" >&2; exit 2 ;;
esac
