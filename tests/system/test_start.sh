#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2119,SC2317
#
# When the daemon must not start it says why in one sentence, and leaves nothing half-made.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/more.sh
. "$(dirname "$0")/more.sh"

# The daemon beside the one of the test, with places of its own; later options win over these.
beside=(--socket "$scratch/b.sock" --state-dir "$scratch/b" --pin-dir "$pin_dir-b" --cgroup-prefix "$run-b.")

# refuses NAME TEXT COMMAND…: it ends by itself with 1 and one line of error.
refuses() {
    local name=$1 status=0 errors
    timeout 20 "${@:3}" >"$scratch/said" 2>&1 || status=$?
    errors=$(grep -v '^<[4567]>' "$scratch/said" || :)
    if [[ $status == 1 && $errors =~ ^'<3>weir-daemon: ' && $errors =~ $2 && $errors != *$'\n'* ]]; then
        ok "$name"
    else
        not_ok "$name" "exit status $status, wanted one line with '$2', got:" "$(<"$scratch/said")"
    fi
}

# Below the directory of pins and of the socket; a state directory is the operator's.
leaves_nothing() {
    is "$(ls -d "$pin_dir-b" "$scratch/b.sock"* 2>/dev/null || :)" "" "$1: no pin, no socket stays"
}

install -m 755 "$build/weir-daemon" "$scratch/weir-daemon"
chmod 755 "$scratch"
daemon_start
weir run --name stays --cpu 0.1:0.2 --detach -- "$load" nap >/dev/null

# Two daemons: all that one has for itself alone.
refuses "another daemon on the same cgroup prefix" "cgroup prefix '$prefix' is in use by another weir-daemon \(pid $daemon_pid\)" \
    "$scratch/weir-daemon" "${beside[@]}" --cgroup-prefix "$prefix"
leaves_nothing "another daemon on the same cgroup prefix"
refuses "another daemon on a prefix within that one" "cgroup prefix '${prefix}x' overlaps '$prefix'" \
    "$scratch/weir-daemon" "${beside[@]}" --cgroup-prefix "${prefix}x"
refuses "another daemon on the same pin directory" "pin directory '$pin_dir' is in use by another weir-daemon" \
    "$scratch/weir-daemon" "${beside[@]}" --pin-dir "$pin_dir"
refuses "another daemon on the same state directory" "$state_dir.* in use by another weir-daemon" \
    "$scratch/weir-daemon" "${beside[@]}" --state-dir "$state_dir"
leaves_nothing "another daemon on the same state directory"
refuses "another daemon on the same socket" "$WEIR_SOCKET.* in use by another weir-daemon" \
    "$scratch/weir-daemon" "${beside[@]}" --socket "$WEIR_SOCKET"
is "$(field stays .weir.state) $(quota_mcpu stays)" "running 200" "the first one and its containers noticed nothing"

# Side by side with places of their own.
setsid "$scratch/weir-daemon" "${beside[@]}" >"$scratch/b.log" 2>&1 &
other=$!
other_answers() {
    weir --socket "$scratch/b.sock" version >/dev/null 2>&1
}
succeeds "two daemons with places of their own run side by side" eventually 15 other_answers
is "$(weir --socket "$scratch/b.sock" ps --json | jq '.get_containers.containers | length')" 0 "and do not see each other's containers"
kill "$other"
wait "$other" || :
rm -rf "$pin_dir-b" "$scratch/b"

# A daemon within what it would take for its own: as a unit in weir.slice is.
home=$(cgroup2_mount)/$run-b.slice
mkdir "$home"
sh -c 'echo 0 >"$0/cgroup.procs"; exec "$@"' "$home" "$scratch/weir-daemon" "${beside[@]}" >"$scratch/b.log" 2>&1 &
other=$!
succeeds "a daemon in a cgroup that carries its prefix does not kill itself" eventually 15 other_answers
matches "$(<"$scratch/b.log")" "<4>weir-daemon: cgroup '$run-b.slice' .* this daemon runs in it: left alone" "and warns"
kill "$other" 2>/dev/null || :
wait "$other" || :
eventually 5 rmdir "$home" 2>/dev/null || :
rm -rf "$pin_dir-b" "$scratch/b"

# What the machine may lack.
refuses "no root" "run it as root" setpriv --reuid 65534 --regid 65534 --clear-groups -- "$scratch/weir-daemon" "${beside[@]}"
leaves_nothing "no root"
mkdir "$scratch/no-bpffs"
refuses "a pin directory that is on no bpffs" "'$scratch/no-bpffs/pins' is not on a bpf file system: expected a path below /sys/fs/bpf" \
    "$scratch/weir-daemon" "${beside[@]}" --pin-dir "$scratch/no-bpffs/pins"
is "$(ls -A "$scratch/no-bpffs")" "" "a pin directory that is on no bpffs is not made"
refuses "no BTF" "/sys/kernel/btf/vmlinux.*CONFIG_DEBUG_INFO_BTF" \
    unshare --mount sh -c 'mount -t tmpfs none /sys/kernel/btf && exec "$@"' sh "$scratch/weir-daemon" "${beside[@]}"
leaves_nothing "no BTF"
refuses "no right to load programs" "root \(or CAP_BPF|the kernel refused the BPF programs" \
    setpriv --bounding-set -sys_admin,-bpf,-perfmon -- "$scratch/weir-daemon" "${beside[@]}"
leaves_nothing "no right to load programs"

# No bpffs where it belongs: mounted, and said.
unshare --mount sh -c 'umount -l /sys/fs/bpf && exec "$@"' sh \
    "$scratch/weir-daemon" "${beside[@]}" >"$scratch/b.log" 2>&1 &
other=$!
succeeds "no bpffs on /sys/fs/bpf: the daemon mounts one" eventually 15 other_answers
matches "$(<"$scratch/b.log")" "mounted a bpffs on /sys/fs/bpf" "and says so"
kill "$other"
wait "$other" || :
rm -rf "$scratch/b"

# Pins of a weir that is newer than we are: not ours to touch.
mapfile -t zeroes < <(for _ in {1..108}; do echo 0; done)
mkdir -p "$pin_dir-b/v1"
bpftool map create "$pin_dir-b/v1/node" type array key 4 value 112 entries 1 name weir_node flags 0x400
bpftool map update pinned "$pin_dir-b/v1/node" key hex 0 0 0 0 value hex 63 0 0 0 "${zeroes[@]}"
refuses "pins of a newer ABI" "newer weir \(ABI 99, this one has [0-9]+\): use that one, or purge" \
    "$scratch/weir-daemon" "${beside[@]}"
is "$(ls "$pin_dir-b/v1")" node "and they are left as they were"
rm -r "$pin_dir-b"

# The socket: row 23.
path_of_length() {
    local path=$scratch/
    while [[ ${#path} -lt $1 ]]; do path+=s; done
    echo "$path"
}
refuses_options() {
    local name=$1 status=0 text
    text=$("$scratch/weir-daemon" "${@:3}" 2>&1) || status=$?
    matches "$status $text" "^2 weir-daemon: .*$2" "$name"
}
refuses_options "row 23: a socket path of 108 bytes is refused, and the text is clear" "has 108 bytes: expected at most 107" \
    "${beside[@]}" --socket "$(path_of_length 108)"
longest=$(path_of_length 107)
setsid "$scratch/weir-daemon" "${beside[@]}" --socket "$longest" >"$scratch/b.log" 2>&1 &
other=$!
longest_answers() {
    weir --socket "$longest" version >/dev/null 2>&1
}
succeeds "row 23: one of 107 bytes works" eventually 15 longest_answers
kill -KILL "$other"
wait "$other" 2>/dev/null || :
is "$(stat -c %F "$longest")" socket "row 23: a daemon that was killed leaves a stale socket"
setsid "$scratch/weir-daemon" "${beside[@]}" --socket "$longest" >"$scratch/b.log" 2>&1 &
other=$!
succeeds "row 23: which is replaced" eventually 15 longest_answers
kill "$other"
wait "$other" || :
rm -rf "$pin_dir-b" "$scratch/b"
echo mine >"$scratch/b.sock"
refuses "row 23: a regular file in place of the socket: no start" "$scratch/b.sock exists and is no socket" \
    "$scratch/weir-daemon" "${beside[@]}"
is "$(<"$scratch/b.sock")" mine "row 23: and the file is left alone"
rm "$scratch/b.sock"
is "$(stat -c '%a %u' "$WEIR_SOCKET")" "600 0" "row 23: without groups the socket is root's alone"
daemon_stop
printf '[access]\nadmin_group = 54322\nreader_group = 54321\n' >"$scratch/groups.conf"
daemon_start --config "$scratch/groups.conf"
is "$(stat -c '%a %u %g' "$WEIR_SOCKET")" "660 0 54321" "row 23: with them it is the readers', with mode 0660"

# Sockets from a service manager: row 24.
cat >"$scratch/activate.py" <<'PYTHON'
import os
import socket
import sys

# As a service manager: N listeners from descriptor 3 on, then the daemon in our place.
n, path = int(sys.argv[1]), sys.argv[2]
kind = socket.SOCK_DGRAM if n < 0 else socket.SOCK_STREAM
sockets = []
for i in range(abs(n)):
    sock = socket.socket(socket.AF_UNIX, kind)
    sock.bind(path if i == 0 else f"{path}.{i}")
    if kind == socket.SOCK_STREAM:
        sock.listen()
    sockets.append(os.dup2(sock.fileno(), 100 + i))
for i, fd in enumerate(sockets):
    os.dup2(fd, 3 + i)
    os.close(fd)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=str(len(sockets)))
os.execv(sys.argv[3], sys.argv[3:])
PYTHON
python3 "$scratch/activate.py" 1 "$scratch/activated.sock" "$scratch/weir-daemon" "${beside[@]}" >"$scratch/b.log" 2>&1 &
other=$!
activated_answers() {
    weir --socket "$scratch/activated.sock" version >/dev/null 2>&1
}
succeeds "row 24: with exactly one matching descriptor it works" eventually 15 activated_answers
kill "$other"
wait "$other" || :
is "$(stat -c %F "$scratch/activated.sock")" socket "row 24: the socket stays, it is the manager's"
rm -rf "$pin_dir-b" "$scratch/b" "$scratch/activated.sock"
refuses "row 24: two descriptors fail the start" "socket activation: 2 descriptors were passed; expected exactly one" \
    python3 "$scratch/activate.py" 2 "$scratch/two.sock" "$scratch/weir-daemon" "${beside[@]}"
refuses "row 24: one of another kind fails the start" "socket activation: the descriptor is something else" \
    python3 "$scratch/activate.py" -1 "$scratch/datagram.sock" "$scratch/weir-daemon" "${beside[@]}"
leaves_nothing "a start with the wrong descriptors"

# Options and files.
refuses_options "an unknown option" "'--frobnicate'" --frobnicate
refuses_options "a prefix with a slash" "cgroup_prefix: 'a/b' is no prefix" --cgroup-prefix a/b
refuses_options "a relative state directory" "state_dir: 'here' is not usable: expected an absolute path" --state-dir here
printf '[daemon]\nsockett = /x\n' >"$scratch/wrong.conf"
status=0
text=$("$scratch/weir-daemon" --config "$scratch/wrong.conf" --check-config 2>&1) || status=$?
matches "$status $text" "^1 .*wrong.conf:2: .*unknown key 'sockett' in .daemon.: expected socket, state_dir" "a misspelt key is named with its line"
printf '[daemon]\nlog_level = debug\n' >"$scratch/wrong.conf"
is "$("$scratch/weir-daemon" --config "$scratch/wrong.conf" --check-config)" ok "and a right file is ok"
is "$(field stays .weir.state) $(quota_mcpu stays)" "running 200" "all the while a container has run"
succeeds "and of the others nothing stays" "$tree/tools/leaks" "$run-b"
done_testing
