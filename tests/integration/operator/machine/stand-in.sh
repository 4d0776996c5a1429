#!/bin/sh
# Called by the name of a tool that cannot do its work in a test, in its place: stand_ins.rs says why, and checks what was
# asked of it. The service is run as the tool would run it: under its own settings, and without the operator's environment.
set -eu
PATH=$PATH:/usr/bin:/bin
tool=${0##*/}
# What an operator picks by eye from a list: the credential that holds, and what waits.
if [ "$tool" = newest-credential ]; then
    huizong --format csv credential list "$1" | grep '^principals/' | sort -t , -k 2 -r | sed -n '1s|,.*||;1s|.*/||p'
    exit
fi
if [ "$tool" = waiting-proposal ]; then
    huizong --format csv credential proposals | sed -n '2s|,.*||p'
    exit
fi
echo "$tool $*" >> "$MACHINE/calls"

start() {
    [ ! -e "$MACHINE/service.pid" ] || return 0
    (umask 077 && exec env -i PATH="$PATH" NO_COLOR=1 "$@") >> "$MACHINE/service.log" 2>&1 &
    echo $! > "$MACHINE/service.pid"
}

stop() {
    [ -e "$MACHINE/service.pid" ] || return 0
    pid=$(cat "$MACHINE/service.pid")
    kill -TERM "$pid"
    # Nobody may be there to reap it.
    while grep -qs '^State:[[:space:]]*[^Z[:space:]]' "/proc/$pid/status"; do sleep 0.1; done
    rm "$MACHINE/service.pid"
}

unit() {
    start $(sed -n 's/^ExecStart=//p' "$MACHINE/etc/systemd/system/huizong.service")
}

# The files of a container, as the image and compose.yaml put them there.
container() {
    mkdir -p "$MACHINE/container/etc/huizong" "$MACHINE/container/var/lib/huizong"
    sed "s|$MACHINE/|$MACHINE/container/|" deploy/container.toml > "$MACHINE/container/etc/huizong/config.toml"
    ln -sfn "$PWD/deploy/certificates" "$MACHINE/container/etc/huizong/tls"
}

case "$tool $*" in
"systemctl daemon-reload") ;;
"systemctl start huizong" | "systemctl enable --now huizong") unit ;;
"systemctl stop huizong") stop ;;
"systemctl reload huizong") kill -HUP "$(cat "$MACHINE/service.pid")" ;;
"systemctl restart huizong") stop && unit ;;
"runuser -u huizong -- "*) shift 3 && exec "$@" ;;
"journalctl --unit huizong --since today") cat "$MACHINE/service.log" ;;
"journalctl --unit huizong --grep "*) grep -e "$4" "$MACHINE/service.log" ;;
"docker compose -f deploy/compose.yaml build") ;;
"docker compose -f deploy/compose.yaml run --rm huizong "*)
    container
    shift 6
    for word in "$@"; do
        set -- "$@" "$(echo "$word" | sed "s|^$MACHINE/|$MACHINE/container/|")"
        shift
    done
    exec target/release/huizong "$@"
    ;;
"docker compose -f deploy/compose.yaml up --detach --wait")
    container
    config=$MACHINE/container/etc/huizong/config.toml
    start "$PWD/target/release/huizong" serve --config "$config"
    # Healthy, says the image's own health check.
    port=$(sed -n 's/^admin_listen.*:\([0-9]*\)"$/\1/p' "$config")
    until target/release/huizong healthcheck --admin "127.0.0.1:$port" 2> /dev/null; do sleep 0.2; done
    ;;
"docker compose -f deploy/compose.yaml down") stop ;;
"kubectl "* | "make "* | "useradd "*) ;;
*) echo "nothing stands in for this: $tool $*" >&2 && exit 64 ;;
esac
