#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# tools/insn-budget picks the right column and believes no table that is stale. The kernel and what
# its verifier says are played.
set -euo pipefail
tree=$(readlink -f "$(dirname "$0")/../..")
# shellcheck source=tests/tap.sh
. "$tree/tests/tap.sh"

dir=$(mktemp -d /tmp/weir-budget.XXXXXX)
trap 'rm -rf "$dir"' EXIT
mkdir -p "$dir/bin" "$dir/build/tools"
export PATH=$dir/bin:$PATH WEIR_BUILD=$dir/build

# loads LINE…: what tools/budget prints; STATUS is how it exits.
loads() {
    printf '%s\n' '#!/bin/sh' "cat <<END" "$@" "# loaded in 1.0 ms" END "exit ${STATUS:-0}" \
        >"$dir/build/tools/budget"
    chmod +x "$dir/build/tools/budget"
}

# on RELEASE [TABLE]: what the comparison says there.
on() {
    printf '#!/bin/sh\necho %s\n' "$1" >"$dir/bin/uname"
    chmod +x "$dir/bin/uname"
    timeout 20 "$tree/tools/insn-budget" "${2:-$dir/table}" 2>&1 || echo "status $?"
}

# The columns are out of order, and 6.9 is older than 6.12.
cat >"$dir/table" <<'END'
# a comment, which is not shown
program   6.12  7.3  6.9

weir_a     200  300  100
weir_b      20   30   10
END

loads 'weir_a 100 50 1500' 'weir_b 10 5 2'
said=$(on 6.12.3-amd64)
matches "$said" 'weir_a +100 of +200 +50 bytes +1\.500 ms +ok' "each program is shown with its load"
matches "$said" '# loaded in 1\.0 ms' "so is what all of them took"
is "$(grep -cE 'not shown|status' <<<"$said" || :)" 0 "what stays within the table passes"
matches "$(on 6.9.0)" 'column 6\.9 .*weir_a +100 of +100 .* ok' "a kernel has the column of its series"
matches "$(on 6.1.170)" 'column 6\.9 ' "an older kernel has the oldest"
matches "$(on 6.10.2)" 'column 6\.12 ' "one in between has the next newer"
matches "$(on 6.18)" 'column 7\.3 ' "also across a major version"
matches "$(on 8.0.0-rc1)" 'column 7\.3 ' "one that is newer than all has the newest"

loads 'weir_a 101 50 1500' 'weir_b 10 5 2'
matches "$(on 6.9.0)" 'weir_a +101 of +100 .* ABOVE.*: 130 in column 6\.9.*weir_b .* ok.*status 1' \
    "one instruction too many fails, and says what the table would have"
is "$(on 6.12.0 | grep -c status || :)" 0 "on that kernel alone"
loads 'weir_a 1 1 1' 'weir_b 1 1 1' 'weir_c 1 1 1'
matches "$(on 6.12.0)" 'weir_c +1 of +- .*NOT IN THE TABLE.*status 1' "a program without a figure fails"
loads 'weir_a 1 1 1'
matches "$(on 6.12.0)" 'weir_b +- of +20 +NOT LOADED.*status 1' "so does a figure without a program"

sed 's/^\(weir_b .*\)  10$/\1/' "$dir/table" >"$dir/short"
loads 'weir_a 1 1 1' 'weir_b 1 1 1'
matches "$(on 6.9.0 "$dir/short")" 'weir_b .*NOT IN THE TABLE.*status 1' "a line that ends early fails"
grep -v program "$dir/table" >"$dir/headless"
matches "$(on 6.9.0 "$dir/headless")" "headless' has no line 'program SERIES.*status 2" \
    "a table without the names of its columns is refused"
matches "$(on 6.9.0 "$dir/none")" "can't read the table '.*/none'.*status 2" "so is one that is not there"

STATUS=1 loads
matches "$(on 6.9.0)" "the programs can't be loaded on Linux 6\.9\.0.*status 3" \
    "programs that the kernel refuses are no comparison"
rm "$dir/build/tools/budget"
matches "$(on 6.9.0)" "budget is not built: make .*status 3" "a program that is not built is named"

done_testing
