# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# TAP for tests in bash. Source it, say what holds, end with done_testing.

tap_points=0
tap_failed=0

# ok NAME / not_ok NAME [WHY…]
ok() {
    echo "ok $((++tap_points)) - $1"
}

not_ok() {
    echo "not ok $((++tap_points)) - $1"
    shift
    [[ $# -eq 0 ]] || printf '# %s\n' "$@"
    tap_failed=1
}

# skip NAME REASON: one point; skip_all REASON: the whole program, before its first point.
skip() {
    echo "ok $((++tap_points)) - $1 # SKIP $2"
}

skip_all() {
    echo "1..0 # SKIP $1"
    exit 0
}

# is GOT WANTED NAME
is() {
    if [[ $1 == "$2" ]]; then
        ok "$3"
    else
        not_ok "$3" "got    '$1'" "wanted '$2'"
    fi
}

# matches GOT REGEX NAME
matches() {
    if [[ $1 =~ $2 ]]; then
        ok "$3"
    else
        not_ok "$3" "got    '$1'" "wanted something like '$2'"
    fi
}

# within GOT WANTED PERCENT NAME
within() {
    local off
    off=$(awk -v got="$1" -v wanted="$2" \
        'BEGIN { if (wanted != 0) printf "%.3f", (got - wanted) * 100 / wanted }')
    if [[ $1 =~ ^[0-9.]+$ && $off ]] &&
        awk -v off="$off" -v bound="$3" 'BEGIN { exit !(off <= bound && -off <= bound) }'; then
        ok "$4"
        echo "# got $1, wanted $2: $off % off, $3 % allowed"
    else
        not_ok "$4" "got $1, wanted $2 within $3 %, it is ${off:-?} % off"
    fi
}

# succeeds NAME COMMAND… / fails NAME COMMAND…: by its exit status; output only when it is wrong.
succeeds() {
    local name=$1 output status=0
    shift
    output=$("$@" 2>&1) || status=$?
    if [[ $status -eq 0 ]]; then
        ok "$name"
    else
        not_ok "$name" "'$*' exited with $status" "${output//$'\n'/$'\n'# }"
    fi
}

fails() {
    local name=$1 output
    shift
    if output=$("$@" 2>&1); then
        not_ok "$name" "'$*' succeeded" "${output//$'\n'/$'\n'# }"
    else
        ok "$name"
    fi
}

# eventually SECONDS COMMAND…: try until it succeeds; its last status when the time is over.
# An emulated machine gets ten times as long: it is patience, and asserts nothing.
eventually() {
    local patience=${WEIR_TEST_EMULATED:+10}
    local deadline=$(($(date +%s%N) + $1 * ${patience:-1} * 1000000000))
    shift
    until "$@"; do
        [[ $(date +%s%N) -lt $deadline ]] || return 1
        sleep 0.05
    done
}

done_testing() {
    echo "1..$tap_points"
    exit "$tap_failed"
}
