#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# tests/run believes no program that contradicts itself.
set -euo pipefail
tree=$(readlink -f "$(dirname "$0")/../..")
# shellcheck source=tests/tap.sh
. "$tree/tests/tap.sh"

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

# program NAME SCRIPT: one that says what the script says.
program() {
    printf '#!/bin/bash\n%s\n' "$2" >"$dir/$1"
    chmod +x "$dir/$1"
}

# run_programs NAME…: fresh results; what was printed, and the closing line.
run_programs() {
    local programs=("${@/#/$dir/}")
    "$tree/tests/run" --reset --logs "$dir/logs" --group g --seconds 1 "${programs[@]}" || :
    "$tree/tests/run" --logs "$dir/logs" --total || echo "status $?"
}

closing() {
    run_programs "$@" | grep -E '^[0-9]+ passed'
}

program good 'echo 1..2; echo "ok 1 - a"; echo "ok 2 - b"'
program skips 'echo 1..2; echo "ok 1 - a # SKIP no moon"; echo "ok 2 - b"'
program skips_all 'echo "1..0 # SKIP no sun"'
program cmocka_skips 'echo 1..2; echo "# no wind"; echo "not ok 1 # SKIP a"; echo "ok 2 - b"'
program gives_up 'echo "# no stars"; exit 77'
program bad 'echo 1..2; echo "not ok 1 - sky is green"; echo "# seen: blue"; echo "ok 2 - b"'
program short 'echo 1..3; echo "ok 1 - a"'
program long 'echo 1..1; echo "ok 1 - a"; echo "ok 2 - b"'
program planless 'echo "ok 1 - a"'
program silent ':'
program dies 'echo 1..1; echo "ok 1 - a"; kill -SEGV $$'
program lies 'echo 1..1; echo "ok 1 - a"; exit 3'
program hears 'trap "echo 1..1; echo \"ok 1 - a\"; exit 0" HUP; kill -HUP $$; exit 1'
program hangs 'echo 1..1; echo "ok 1 - a"; sleep 30'
program two_suites 'echo 1..1; echo "ok 1 - a"; echo 1..2; echo "ok 1 - b"; echo "ok 2 - c"'

is "$(closing good)" "2 passed, 0 failed, 0 skipped" "points are counted"
is "$(closing skips)" "1 passed, 0 failed, 1 skipped" "a skipped point is not a passed one"
matches "$(run_programs skips)" "skipped: a: no moon" "a skip shows its reason"
matches "$(run_programs cmocka_skips)" "1 passed +0 failed +1 skipped.*skipped: a: no wind" \
    "cmocka's way to skip is understood"
is "$(closing good skips_all)" "2 passed, 0 failed, 1 skipped" "a whole program can be skipped"
matches "$(run_programs good gives_up)" "skipped: .*: no stars" "status 77 skips, with the last comment"
is "$(closing bad)" "1 passed, 1 failed, 0 skipped" "a failed point is counted"
matches "$(run_programs bad)" "failed: sky is green.*seen: blue" "the log of what failed is shown"
matches "$(run_programs bad)" "status 1" "a failure is the exit status"
is "$(closing short)" "1 passed, 1 failed, 0 skipped" "fewer points than planned is a failure"
is "$(closing long)" "2 passed, 1 failed, 0 skipped" "more points than planned is a failure"
is "$(closing planless)" "1 passed, 1 failed, 0 skipped" "no plan is a failure"
is "$(closing silent)" "0 passed, 1 failed, 0 skipped" "silence is a failure"
is "$(closing dies)" "1 passed, 1 failed, 0 skipped" "a death after the last point is a failure"
matches "$(run_programs dies)" "died of SIGSEGV" "a death is named"
is "$(closing lies)" "1 passed, 1 failed, 0 skipped" "a bad exit status is a failure"
is "$(trap '' HUP INT QUIT; closing hears)" "1 passed, 0 failed, 0 skipped" "what its caller ignores is not inherited"
matches "$(run_programs hangs)" "failed: took longer than 1.0 s" "a program that hangs is ended"
is "$(closing two_suites)" "3 passed, 0 failed, 0 skipped" "plans of several suites add up"
is "$(closing absent)" "0 passed, 1 failed, 0 skipped" "a program that is not there is a failure"
matches "$(closing good bad skips)" "^4 passed, 1 failed, 1 skipped$" "programs add up"

"$tree/tests/run" --reset --logs "$dir/logs" --group a "$dir/good" >/dev/null
"$tree/tests/run" --logs "$dir/logs" --group b --step lint -- true >/dev/null
is "$("$tree/tests/run" --logs "$dir/logs" --total)" "3 passed, 0 failed, 0 skipped" "groups add up"
"$tree/tests/run" --logs "$dir/logs" --group b --step fmt -- false >/dev/null || :
is "$("$tree/tests/run" --logs "$dir/logs" --total || :)" "3 passed, 1 failed, 0 skipped" \
    "a group may be run in several goes"
"$tree/tests/run" --reset --logs "$dir/logs" >/dev/null
fails "a run without any test is no success" "$tree/tests/run" --logs "$dir/logs" --total

# with_expected TABLE NAME…: as in a guest 6.1 v1; what was printed, and its status.
with_expected() {
    printf '%s\n' "$1" >"$dir/expected"
    shift
    "$tree/tests/run" --reset --logs "$dir/logs" --group g --guest "6.1 v1" --report "$dir/logs" \
        --expected "$dir/expected" "${@/#/$dir/}" 2>&1 || echo "status $?"
}

matches "$(with_expected '6.1 v1 | bad | green | no prism' bad)" "skipped: sky is green: no prism" \
    "an expected difference is a skip with its reason"
matches "$(with_expected '* v1, 7.3 * | bad | green | no prism' bad)" "1 passed +0 failed +1 skipped" \
    "a line may speak of all kernels"
matches "$(with_expected '6.12 v1 | bad | green | no prism' bad)" "failed: sky is green" \
    "a line of another kernel excuses nothing"
matches "$(with_expected '6.1 v1 | good | green | no prism' bad)" "failed: sky is green" \
    "a line of another program excuses nothing"
matches "$(with_expected '6.1 v1 | good | a | no prism' good)" "'a' passes, but line 1 .*status 1" \
    "an expected difference that is none fails"
matches "$(with_expected '6.1 v1 | good | z | no prism' good)" "2 passed +0 failed" \
    "a line whose points did not run says nothing"
matches "$(with_expected 'no table' good)" "expected:1: wants" "a line that can't be read is named"
matches "$(with_expected '' skips_all)" "status 4" "nothing but skips is a status of its own"
with_expected '' good bad skips >/dev/null
matches "$(<"$dir/logs/results.ktap")" "^KTAP version 1.1\.\.3.    # Subtest: good" "the report is KTAP"
matches "$(<"$dir/logs/results.ktap")" "    not ok 1 sky is green.*.not ok 2 bad.*    ok 1 a # SKIP no moon" \
    "KTAP tells points, programs and skips"
is "$(jq -r '.guest, .programs[1].points[0][1]' "$dir/logs/results.json" | tr '\n' ,)" \
    "6.1 v1,sky is green," "JSON tells the same"

program alone "# alone: it measures
echo 1..1; echo 'ok 1 - a'; date +%s%N >$dir/began"
program slow "echo 1..1; echo 'ok 1 - a'; sleep 0.5; date +%s%N >$dir/ended"
"$tree/tests/run" --logs "$dir/logs" --group j --jobs 2 "$dir"/{alone,slow} >/dev/null
is $(($(<"$dir/began") > $(<"$dir/ended"))) 1 "a program that wants to be alone waits for the others"

done_testing
