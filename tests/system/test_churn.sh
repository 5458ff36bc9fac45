#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2119,SC2317
#
# Thousands of containers of all kinds, and afterwards it is as if there had been none.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/more.sh
. "$(dirname "$0")/more.sh"
# shellcheck source=tests/system/engine.sh
. "$tree/tests/system/engine.sh"

daemon_start
engine_groups=()
for root in "${roots[@]}"; do
    mkdir "$root/$engine"
    engine_groups+=("$root/$engine")
done
at_end() {
    find "${engine_groups[@]}" -depth -type d -exec rmdir {} + 2>/dev/null || :
}
weir run --name hold --detach -- "$load" nap >/dev/null

# What it holds on to: files, memory, slots of the map.
# Files without a name are told apart by a number, of which another one is as good.
open_files() {
    find "/proc/$daemon_pid/fd" -mindepth 1 -printf '%l\n' 2>/dev/null | sed 's/:\[[0-9]*\]$//' | sort
}
rss_kib() {
    awk '$1 == "VmRSS:" { print $2 }' "/proc/$daemon_pid/status"
}
zombies() {
    cat /proc/[0-9]*/stat 2>/dev/null |
        awk -v daemon="$daemon_pid" '{ sub(/.*\) /, ""); n += $1 == "Z" && $2 == daemon } END { print n + 0 }'
}
slots_in_use() {
    weir stats --json | jq length
}
# Once before, so that what is made once and kept is there.
points_of python3 "$tree/tests/system/churn.py" 100 "$build/weir" "$load" hold "${engine_groups[@]}"
open_before=$(open_files)
rss_before=$(rss_kib)
points_of python3 "$tree/tests/system/churn.py" "${WEIR_TEST_CHURN:-$(amount churn)}" "$build/weir" "$load" hold "${engine_groups[@]}"
none_more_open() {
    held=$(comm -13 <(echo "$open_before") <(open_files))
    [[ -z $held ]]
}
eventually 10 none_more_open || :
is "$held" "" "no file is held open any longer"
grown=$(($(rss_kib) - rss_before))
echo "# the daemon has grown by $grown KiB"
is "$((grown <= 2048))" 1 "nor memory by more than 2 MiB"
is "$(slots_in_use)" 1 "nor slots"
is "$(zombies)" 0 "nor children that have ended"
is "$(cgroups_of_run | grep -v "/${prefix}hold\$")" "" "nor cgroups"
weir rm --force hold

# The node's sums return to where they were.
is "$(weir metrics | awk '/^weir_node_requested_/ { print $2 + 0 }' | xargs)" "0 0" "and nothing is booked"
done_testing
