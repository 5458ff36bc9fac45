#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2119,SC2317
#
# The examples of docs/api.md, sent to a daemon in JSON and in protobuf: what they show is what it answers.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/more.sh
. "$(dirname "$0")/more.sh"

daemon_start

nothing_known() {
    [[ -z $(weir ps -q) ]]
}

export ADOPTED_CGROUP=/$run-engine
python_protos
for encoding in json protobuf; do
    mkdir "$(cgroup2_mount)$ADOPTED_CGROUP"
    points_of "$python" "$tree/tests/system/api_doc.py" "$tree/docs/api.md" "$encoding"
    rmdir "$(cgroup2_mount)$ADOPTED_CGROUP"
    weir rm --force batch # the last one that is launched there
    succeeds "$encoding: no example leaves a record behind" eventually 5 nothing_known
done

done_testing
