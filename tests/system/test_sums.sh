#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2119
#
# Row 9, for any history: tasks that come, change and end, against a sum that knows nothing of weir's.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/more.sh
. "$(dirname "$0")/more.sh"

echo '[bursting]' >"$scratch/plain.conf"
echo 'bands = no' >>"$scratch/plain.conf" # which would move weights about
daemon_start --config "$scratch/plain.conf"
points_of python3 "$tree/tests/system/sums.py" "$(amount sums)" "${WEIR_TEST_SEED:-$RANDOM}" e "$(group_of e cpu)" "$(group_of e memory)"
weir rm --force e
is "$(cgroups_of_run)" "" "nothing is left of them"
done_testing
