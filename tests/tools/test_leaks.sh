#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# tools/leaks sees what is there, and nothing of others.
set -euo pipefail
tree=$(readlink -f "$(dirname "$0")/../..")
# shellcheck source=tests/tap.sh
. "$tree/tests/tap.sh"

name=weirtest-$$-$RANDOM
prefix=$name.
cgroup2=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
[[ $EUID -eq 0 && $cgroup2 ]] || skip_all "needs root and a cgroup2 mount"

# shellcheck disable=SC2317 # the trap calls it
clean_up() {
    rm -rf "/tmp/${prefix}x"
    rmdir "$cgroup2/${prefix}a/sub" "$cgroup2/${prefix}a" || :
} 2>/dev/null
trap clean_up EXIT
trap 'exit 143' TERM

leaks() {
    "$tree/tools/leaks" "$@" || :
}

is "$(leaks "$prefix")" "" "nothing is there at first"
succeeds "which is a success" "$tree/tools/leaks" "$prefix"

mkdir -p "$cgroup2/${prefix}a/sub"
is "$(leaks "$prefix")" "cgroup $cgroup2/${prefix}a" "a cgroup"
is "$(leaks "${name}x.")" "" "a cgroup of another prefix is not ours"
fails "a leak is a failure" "$tree/tools/leaks" "$prefix"

sleep 20 &
echo $! >"$cgroup2/${prefix}a/sub/cgroup.procs"
matches "$(leaks "$prefix")" "process $! in $cgroup2/${prefix}a: sleep 20" "a process below it"
kill $!
wait $! || :
rmdir "$cgroup2/${prefix}a/sub" "$cgroup2/${prefix}a"

tail -f /dev/null --pid=$$ -- "$prefix" 2>/dev/null >&2 &
sleep 0.2
matches "$(leaks "$prefix")" "process $!: tail" "a process that was told the prefix"
kill $!
wait $! || :

mkdir -p "/tmp/${prefix}x/pins"
is "$(leaks "$prefix")" "file /tmp/${prefix}x" "a directory named by it"
matches "$(leaks nothing. --pin-dir "/tmp/${prefix}x")" "file /tmp/${prefix}x/pins" "a directory that is named"
rm -r "/tmp/${prefix}x"

is "$(leaks "$prefix")" "" "nothing is there at last"
fails "a prefix that could mean anything is refused" "$tree/tools/leaks" '*'

done_testing
