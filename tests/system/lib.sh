# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# For system tests: a daemon of one's own, and the kernel's view of what it did.
#
#	. "$(dirname "$0")/lib.sh"
#	daemon_start
#	weir run --name a --detach -- sleep 60
#	is "$(quota_mcpu a)" 500 "the quota is half a CPU"
#	done_testing
#
# Everything is named after the run, so tests do not meet each other or a weir in service. At
# the end, however it comes, all of it is taken down, and tools/leaks has to agree.
set -euo pipefail

tree=$(readlink -f "$(dirname "${BASH_SOURCE[0]}")/../..")
build=${WEIR_BUILD:-$tree/build}

# shellcheck source=tests/tap.sh
. "$tree/tests/tap.sh"
# shellcheck source=tests/system/bounds.sh
. "$tree/tests/system/bounds.sh"
# shellcheck source=tests/system/knobs.sh
. "$tree/tests/system/knobs.sh"

[[ $EUID -eq 0 ]] || skip_all "needs root for BPF and cgroups"
[[ -x $build/weir-daemon && -x $build/weir ]] || {
    echo "# nothing to test below $build: make all"
    exit 1
}

run=weirtest-$$-$RANDOM
prefix=$run.
scratch=${TMPDIR:-/tmp}/$run
state_dir=$scratch/state
pin_root=/sys/fs/bpf
pin_dir=$pin_root/$run
daemon_log=$scratch/daemon.log
daemon_pid=
daemon_status= # of the last one that was stopped
export WEIR_SOCKET=$scratch/weir.sock WEIR_PIN_DIR=$pin_dir

mkdir -m 755 "$scratch"
mountpoint -q "$pin_root" || mount -t bpf bpf "$pin_root"

weir() {
    "$build/weir" "$@"
}

# What distinguishes this run's daemon from any other.
daemon_options=(--socket "$WEIR_SOCKET" --state-dir "$state_dir" --pin-dir "$pin_dir"
    --cgroup-prefix "$prefix")

# daemon_start [OPTION…]: returns once it answers, or fails showing what it said.
daemon_start() {
    # In a session of its own: a test that signals its group means its own commands.
    setsid "$build/weir-daemon" "${daemon_options[@]}" "$@" >>"$daemon_log" 2>&1 &
    daemon_pid=$!
    if ! eventually 15 daemon_answers_or_died || ! weir version >/dev/null 2>&1; then
        sed 's/^/# /' "$daemon_log"
        echo "# the daemon did not come up"
        exit 1
    fi
    roots_learn
}

daemon_answers_or_died() {
    ! kill -0 "$daemon_pid" 2>/dev/null || weir version >/dev/null 2>&1
}

# daemon_stop [SIGNAL]: its exit status is in daemon_status. Not in a subshell: we are its parent.
daemon_stop() {
    [[ $daemon_pid ]] || return 0
    kill -s "${1:-TERM}" "$daemon_pid" 2>/dev/null || :
    eventually 10 not_running "$daemon_pid" || kill -s KILL "$daemon_pid" 2>/dev/null || :
    daemon_status=0
    # shellcheck disable=SC2034 # for the test to look at
    wait "$daemon_pid" 2>/dev/null || daemon_status=$?
    daemon_pid=
}

# A zombie counts: it is done, and ours to reap.
not_running() {
    [[ ! -d /proc/$1 || $(sed -n 's/^State:\t\(.\).*/\1/p' "/proc/$1/status" 2>/dev/null) == [ZX]* ]]
}

is_stopped() {
    grep -q $'^State:\tT' "/proc/$1/status"
}

cgroups_of_run() {
    cgroup_mounts | while read -r mount; do
        find "$mount" -depth -type d -path "*/$prefix*" 2>/dev/null
    done
}

# What cgroup.procs has. Who dies while the kernel prints it is 0 there, and kill takes that for our own group.
kill_all_in() {
    local pid
    while read -r pid; do
        [[ $pid == 0 ]] || kill -KILL "$pid" || :
    done <"$1/cgroup.procs"
}

# Directories go from the inside out; a group is busy for an instant after its last process.
cgroups_removed() {
    local group left=0
    while read -r group; do
        [[ ! -w $group/cgroup.kill ]] || echo 1 >"$group/cgroup.kill" || :
        kill_all_in "$group"
        rmdir "$group" || left=1
    done < <(cgroups_of_run) 2>/dev/null
    return "$left"
}

# For a test to say what has to go first.
at_end() {
    :
}
clean_up() {
    local status=$? job left
    trap - EXIT
    trap '' INT TERM
    set +e
    at_end
    daemon_stop TERM
    for job in $(jobs -p); do
        kill -KILL "$job" 2>/dev/null
    done
    eventually 5 cgroups_removed
    awk -v dir="$scratch/" 'index($2, dir) == 1 { print $2 }' /proc/mounts | xargs -r umount
    if [[ $status -ne 0 && -s $daemon_log ]]; then
        echo "# the daemon's last words:"
        tail -n 40 "$daemon_log" | sed 's/^/# /'
    fi
    rm -rf --one-file-system "$scratch" "$pin_dir"
    if ! left=$("$tree/tools/leaks" "$prefix"); then
        echo "# left behind:"
        echo "${left//$'\n'/$'\n'# }" | sed '1s/^/# /'
        status=1
    fi
    exit "$status"
}
trap clean_up EXIT
trap 'exit 143' TERM
trap 'exit 130' INT
