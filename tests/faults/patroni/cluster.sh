#!/bin/sh
# Three machines that are none: network namespaces with etcd, Patroni and PostgreSQL in each, on a bridge in a namespace of its
# own, so that nothing is seen of them outside and each can be cut off. Root is needed, and Linux.
#
#   cluster.sh FOLDER up               brings everything up, until a synchronous standby follows
#   cluster.sh FOLDER run COMMAND...   runs something where all three are reached: 10.77.0.1, 10.77.0.2, 10.77.0.3
#   cluster.sh FOLDER leader           its number
#   cluster.sh FOLDER ready            waits until there is a leader, and the others follow it, one of them synchronously
#   cluster.sh FOLDER switchover       hands the lead to the synchronous standby
#   cluster.sh FOLDER kill N           kills everything on a machine, as a power cut would
#   cluster.sh FOLDER start N          starts it again
#   cluster.sh FOLDER cut N            cuts a machine off from all others; heal N ends that
#   cluster.sh FOLDER down             ends everything; the folder stays
set -eu

folder=$1
command=$2
shift 2
nodes="1 2 3"
bin=$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -1)
lead_seconds=20

# In the namespace of the bridge, and in that of a machine.
middle() { nsenter --net="/proc/$(cat "$folder/middle")/ns/net" "$@"; }
at() {
    n=$1
    shift
    nsenter --net="/proc/$(cat "$folder/$n/namespace")/ns/net" "$@"
}
as_postgres() { setpriv --reuid=postgres --regid=postgres --clear-groups env HOME="$folder" PATH="$bin:$PATH" LC_ALL=C "$@"; }
patroni_says() { middle curl -s -m 2 "http://10.77.0.$1:8008/$2"; }
is() { [ "$(middle curl -s -m 2 -o "$folder/ignored" -w '%{http_code}' "http://10.77.0.$1:8008/$2")" = 200 ]; }
leader() { for n in $nodes; do if is "$n" primary; then echo "$n" && return; fi; done; }

members() { for n in $nodes; do printf 'e%s=http://10.77.0.%s:2380,' "$n" "$n"; done | sed 's/,$//'; }

start() {
    n=$1
    ip=10.77.0.$n
    at "$n" setpriv --reuid=postgres --regid=postgres --clear-groups env HOME="$folder" etcd --name "e$n" --data-dir "$folder/$n/etcd" \
        --listen-client-urls "http://$ip:2379" --advertise-client-urls "http://$ip:2379" --listen-peer-urls "http://$ip:2380" \
        --initial-advertise-peer-urls "http://$ip:2380" --initial-cluster "$(members)" --initial-cluster-state new \
        >>"$folder/$n/etcd.log" 2>&1 &
    at "$n" setpriv --reuid=postgres --regid=postgres --clear-groups env HOME="$folder" PATH="$bin:$PATH" LC_ALL=C \
        patroni "$folder/$n/patroni.yml" >>"$folder/$n/patroni.log" 2>&1 &
}

# A machine's processes are those in its namespace.
processes() {
    of=$(readlink "/proc/$(cat "$folder/$1/namespace")/ns/net")
    for process in /proc/[0-9]*; do
        if [ "$(readlink "$process/ns/net" 2>/dev/null)" = "$of" ]; then echo "${process#/proc/}"; fi
    done | grep -vx "$(cat "$folder/$1/namespace")" || true
}

settings() {
    n=$1
    ip=10.77.0.$n
    cat <<END
scope: huizong
name: p$n
restapi: {listen: '$ip:8008', connect_address: '$ip:8008'}
etcd3: {hosts: '10.77.0.1:2379,10.77.0.2:2379,10.77.0.3:2379'}
bootstrap:
  dcs:
    ttl: $lead_seconds
    loop_wait: 5
    retry_timeout: 5
    maximum_lag_on_failover: 0
    synchronous_mode: true
    synchronous_mode_strict: true
    synchronous_node_count: 1
    postgresql:
      use_pg_rewind: true
      parameters: {synchronous_commit: 'on', wal_log_hints: 'on', max_connections: 150, shared_buffers: 64MB}
  initdb: [{encoding: UTF8}, {locale: C}, data-checksums]
postgresql:
  listen: '$ip:5432'
  connect_address: '$ip:5432'
  data_dir: $folder/$n/data
  bin_dir: $bin
  pgpass: $folder/$n/pgpass
  authentication:
    superuser: {username: postgres, password: postgres}
    replication: {username: replicator, password: replicator}
    rewind: {username: rewinder, password: rewinder}
  pg_hba:
    - local all all trust
    - host all all 10.77.0.0/24 trust
    - host replication replicator 10.77.0.0/24 trust
  parameters: {unix_socket_directories: '$folder/$n'}
END
}

case $command in
up)
    mkdir -p "$folder"
    unshare --net sleep infinity &
    echo $! >"$folder/middle"
    # The namespace is there a moment after its process.
    until [ "$(readlink "/proc/$(cat "$folder/middle")/ns/net")" != "$(readlink /proc/self/ns/net)" ]; do sleep 0.05; done
    middle ip link set lo up
    middle ip link add bridge type bridge
    middle ip addr add 10.77.0.254/24 dev bridge
    middle ip link set bridge up
    for n in $nodes; do
        mkdir -p "$folder/$n"
        unshare --net sleep infinity &
        echo $! >"$folder/$n/namespace"
        until [ "$(readlink "/proc/$(cat "$folder/$n/namespace")/ns/net")" != "$(readlink /proc/self/ns/net)" ]; do sleep 0.05; done
        middle ip link add "v$n" type veth peer name "e$n"
        middle ip link set "e$n" netns "$(cat "$folder/$n/namespace")"
        middle ip link set "v$n" master bridge up
        at "$n" ip link set lo up
        at "$n" ip addr add "10.77.0.$n/24" dev "e$n"
        at "$n" ip link set "e$n" up
        settings "$n" >"$folder/$n/patroni.yml"
    done
    chown -R postgres: "$folder"
    for n in $nodes; do start "$n"; done
    exec "$0" "$folder" ready
    ;;
run) middle "$@" ;;
leader) leader ;;
ready)
    # A machine that comes back may have to be made anew from the leader.
    for _ in $(seq 600); do
        of=$(leader)
        if [ -n "$of" ]; then
            followers=0
            synchronous=0
            for n in $nodes; do
                if [ "$n" != "$of" ] && patroni_says "$n" patroni | grep -q '"replication_state": "streaming"'; then followers=$((followers + 1)); fi
                if is "$n" synchronous; then synchronous=$((synchronous + 1)); fi
            done
            if [ "$followers" = 2 ] && [ "$synchronous" = 1 ]; then exit 0; fi
        fi
        sleep 0.2
    done
    echo "the cluster does not come to rest" >&2
    exit 1
    ;;
switchover)
    of=$(leader)
    for n in $nodes; do if is "$n" synchronous; then candidate=$n; fi; done
    middle curl -s -m 30 -X POST -H 'Content-Type: application/json' -d "{\"leader\": \"p$of\", \"candidate\": \"p$candidate\"}" \
        "http://10.77.0.$of:8008/switchover"
    ;;
kill) processes "$1" | xargs -r kill -9 2>/dev/null || true ;;
start)
    rm -f "$folder/$1"/.s.PGSQL.*
    # Whoever asks for it does not wait until it ends; a redirection of this one call would leave a copy of what was there.
    exec >/dev/null 2>&1
    start "$1"
    ;;
cut) middle ip link set "v$1" down ;;
heal) middle ip link set "v$1" up ;;
down)
    for n in $nodes; do
        [ -f "$folder/$n/namespace" ] || continue
        processes "$n" | xargs -r kill -9 2>/dev/null || true
        kill -9 "$(cat "$folder/$n/namespace")" 2>/dev/null || true
    done
    kill -9 "$(cat "$folder/middle")" 2>/dev/null || true
    ;;
esac
