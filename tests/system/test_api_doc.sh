#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2119,SC2317
#
# The examples of docs/api.md, sent to a daemon: what they show is what it answers.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/more.sh
. "$(dirname "$0")/more.sh"

daemon_start

export ADOPTED_CGROUP=/$run-engine
mkdir "$(cgroup2_mount)$ADOPTED_CGROUP"
points_of python3 "$tree/tests/system/api_doc.py" "$tree/docs/api.md"
rmdir "$(cgroup2_mount)$ADOPTED_CGROUP"
weir rm --force batch # the last one that is launched there
nothing_known() {
    [[ -z $(weir ps -q) ]]
}
succeeds "no example leaves a record behind" eventually 5 nothing_known

done_testing
