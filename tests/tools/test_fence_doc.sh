#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016
#
# tools/fence-doc says what the logs say, and names what has not run. The logs are made up.
set -euo pipefail
tree=$(readlink -f "$(dirname "$0")/../..")
# shellcheck source=tests/tap.sh
. "$tree/tests/tap.sh"
export PYTHONDONTWRITEBYTECODE=1

dir=$(mktemp -d /tmp/weir-fence-doc.XXXXXX)
trap 'rm -rf "$dir"' EXIT
mkdir -p "$dir/logs"

# log DIRECTORY TEST LINE…
log() {
    mkdir -p "$dir/logs/$1"
    printf '%s\n' "${@:3}" >"$dir/logs/$1/some-$2.sh.log"
}

# doc: the document that is made of the logs.
doc() {
    "$tree/tools/fence-doc" --logs "$dir/logs" --docs "$dir" >"$dir/said" 2>&1 || return
    cat "$dir/fence.md"
}

# section NAME: of the document, until the next one.
section() {
    awk -v name="## $1" '/^## / { inside = $0 == name } inside' <<<"$document"
}

# ---- The list of ways ----

named() {
    sed -n 's/^\t{ "\([a-z0-9-]*\)", .*/\1/p' "$tree/tests/system/reach.c" | sort
}
is "$(awk -F ' *[|] *' '!/^#/ && NF == 3 { print $1 }' "$tree/tests/ways" | sort)" "$(named)" "each way of reach.c is in tests/ways, and no other"
is "$(awk -F ' *[|] *' '!/^#/ && NF == 3 { print $2 }' "$tree/tests/ways" | sort -u | xargs)" "- both socket" "and it is said who stops it"

# ---- Nothing, and little ----

fails "without a log there is no document" doc
matches "$(<"$dir/said")" "no log of test_fence.sh below .*: make system" "and it is said what leaves one"
log . test_fence "ok 1 - a point" "#= evasion T0 agent-socket-only tcp4 EPERM" "1..1"
document=$(doc)
matches "$(section 'What gets through')" 'Under `agent-socket-only`: none of the ways that were tried' "what was blocked is no miss"
matches "$(section 'What gets through')" 'Under `deny-agent-tcp` nothing has been tried yet' "what was not tried is named: policies,"
matches "$(section 'What gets through')" 'No run has tried T1 or T2 or T3' "tiers,"
matches "$(section 'What gets through')" 'Not run: 6.1 unified, 6.12 unified' "kernels,"
matches "$(section 'Others, beside it')" 'test_fence_peers.sh` has not run' "and others"
matches "$document" '[|] `tcp4` [|] [^|]* [|] · [|]' "each way has a cell"

# ---- What came of it ----

log . test_fence "not ok 1 - a point" "#= evasion T0 agent-socket-only unix-stream arrived" \
    "#= evasion T0 agent-socket-only tcp4 ok" "#= evasion T0 agent-socket-only sctp EPROTONOSUPPORT" \
    "#= evasion T0 agent-socket-only inherited ENOTSOCK" "#= evasion T0 agent-socket-only received ENOTSOCK" \
    "#= evasion T0 agent-socket-only received EPERM" "#= evasion T0 agent-socket-only taken terminal" \
    "#= evasion T0 agent-socket-only agent EPERM" "#= evasion T0 agent-socket-only pair-dgram ok" \
    "#= evasion T0 agent-socket-only teleport ok" "#= evasion T0 deny-agent-tcp unix-stream arrived"
log guest-6.1-unified test_fence "#= evasion T0 agent-socket-only unix-stream arrived" \
    "#= evasion T2 agent-socket-only unix-stream EPERM" "ok 1 - T1 # SKIP it is too old" "1..1"
document=$(doc)
through=$(section 'What gets through')
matches "$through" '`unix-stream` [|] [^|]* [|] arrived [|] T0: native, 6.1 [|]' "what arrived is told first, with where"
matches "$through" '`tcp4` [|] [^|]* [|] the call succeeded [|] T0: native [|]' "so is a call that succeeded"
matches "$through" '`agent` [|] [^|]* [|] denied, though it should work [|] T0: native [|]' "and what was denied and should not be"
matches "$through" '`teleport` [|] not in tests/ways' "and a way that nobody has described"
matches "$through" 'Under `deny-agent-tcp`: none' "what a policy leaves is no miss"
fails "nor is what was run named as not run" grep -q 'Not run: 6.1 unified' <<<"$document"
row() {
    grep -m 1 "^| \`$1\` | .* | .* | .* | .* |$" <<<"$(section 'Each way, policy by policy')" | cut -d'|' -f4- | tr -d ' '
}
is "$(row unix-stream)" "**A**|**A**|·|" "a column is a place and a tier"
is "$(row sctp) $(row tcp4) $(row taken)" "–||| **o**||| r|||" "cells tell apart what is not built, what succeeded, and what was not launched"
is "$(row inherited)" "" "what a test had no socket for was not tried"
is "$(row received)" "·|||" "of several results of one way the last counts"
is "$(row agent) $(row pair-dgram)" "**no**||| yes|||" "what has to work works or does not"
matches "$document" 'native [|] [^|]* [|] T0 [|] ended early; [*][*]1 failed[*][*]' "a run that ended early, or failed, is told"
matches "$document" '6.1 unified [|] [^|]* [|] T0, T2 [|] T1 skipped: it is too old' "so is what was skipped"

# ---- Others ----

log . test_fence_peers "#= evasion none - tcp4 arrived" "#= evasion nftables - tcp4 ETIMEDOUT" \
    "#= evasion nftables - unix-stream arrived" "#= evasion nftables - packet ok" "#= evasion nftables - agent arrived" "1..0"
document=$(doc)
others=$(section 'Others, beside it')
matches "$others" 'nftables[^|]*[|] 3 [|] 1 [|] 1 [|]' "of each peer it is counted what got through"
matches "$others" 'weir T0 [|] 6 [|] 1 [|] 2 [|]' "and of the fence on that machine"
matches "$others" 'weir 6.1 T2' "and of its best tier, where that was elsewhere"
done_testing
