#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# What of tools/bench needs no machine: choosing cases, figures over samples, and the report.
set -euo pipefail
tree=$(readlink -f "$(dirname "$0")/../..")
# shellcheck source=tests/tap.sh
. "$tree/tests/tap.sh"

grep -q cgroup2 /proc/mounts || skip_all "needs a cgroup2 mount to begin with"
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

# value EXPRESSION: in Python, with the benchmarks' modules.
value() {
    PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$tree/tools/bench python3 -c \
        "import booked, bursters, case, fences, place; print($1)"
}

# The rule that moves quotas.
is "$(value 'bursters.next_limit(0.5, True, 0.4, 0.2, 2)')" 0.6 "throttled on a calm node: up by a fifth"
is "$(value 'bursters.next_limit(0.5, True, 0.6, 0.2, 2)')" 0.4 "on a busy node: down, throttled or not"
is "$(value 'bursters.next_limit(0.5, False, 0.4, 0.2, 2)')" 0.5 "neither: as it was"
is "$(value 'bursters.next_limit(0.2, False, 0.9, 0.2, 2)')" 0.2 "never below the request"
is "$(value 'bursters.next_limit(1.9, True, 0.1, 0.2, 2)')" 2 "never above the limit"

# Samples of (time, CPU time) each half second; from 1 to 2 s it gets nothing.
samples='[(i * 5 * 10**8, used * 10**8) for i, used in enumerate([0, 5, 10, 10, 10, 15, 20])]'
is "$(value "booked.worst_share($samples, 1, 1)")" 0.0 "the worst second is found anywhere"
is "$(value "booked.worst_share($samples, 1, 2)")" 0.5 "over two seconds half is left"
is "$(value "booked.worst_share($samples, 0.5, 2)")" 1.0 "which is all that half a CPU is"
is "$(value "booked.worst_share($samples, 1, 5)")" None "too short a series says nothing"

is "$(value 'booked.percentile(list(range(1, 101)), 990)')" 99 "p99 of a hundred is the 99th"
is "$(value 'booked.percentile([7], 500)')" 7 "of one it is that"

# Bounds: the median of the rounds counts.
is "$(value 'case.bar("x", [1.0, 1.05, 9.0], most=1.1)["reached"]')" True "one bad round misses no bound"
is "$(value 'case.bar("x", [1.0, 1.2, 1.2], most=1.1)["reached"]')" False "most rounds do"
is "$(value 'case.bar("x", [0.96], least=0.97)["reached"]')" False "too little is a miss"

# The fence: what an operation passes, and what is said of it.
is "$(value 'fences.hooks("tcp-connect", "T1", False)')" 1 "where nobody is fenced a connection calls one program"
is "$(value 'fences.hooks("tcp-connect", "T1", True)')" 7 "else three segments are seen to leave and to come, too"
is "$(value 'fences.hooks("udp-connect", "T2", True)')" 2 "a UDP connect sends none; the LSM is asked, too"
is "$(value '[fences.hooks("unix-connect", tier, False) for tier in ("T0", "T1", "T3")]')" "[0, 1, 2]" "unix sockets go by the tier"
is "$(value 'len(set(place.rules(1000).split("\n")))')" 1002 "a thousand rules are all different"
matches "$(value 'place.rules(1)')" "^default deny"$'\n'"allow 127.0.0.1 any 7001" "and one of them is the target's"
arms='{"none": 100, "empty-unix": 150, "idle": 160, "others": 260, "open": 190, "deny-agent-tcp": 170, "agent-socket-only": 400}'
fence="(lambda case: [setattr(case, 'tier', 'T1'), case][1])(fences.ByUnix(''))"
results="[{arm: {o: ns for o in case.operations} for arm, ns in $arms.items()}]"
bars=$(value "[(b['what'].split('a hook')[1], b['measured']['median'], b['reached']) for case in [$fence] for b in case.bars($results)]")
is "$bars" "[(' (most: others)', 160.0, False), (', net of empty programs (most: others)', 110.0, False), \
(' (most: agent-socket-only)', 270.0, False), (', net of empty programs (most: agent-socket-only)', 220.0, False)]" \
    "the dearest arm is held against the bound, and named; less what a container adds"

# Choosing.
is "$("$tree/tools/bench/run" --list booked)" "booked: weights, weir" "a case has its arms"
is "$("$tree/tools/bench/run" --list latency-long | wc -l)" 2 "the beginning of a name chooses all that have it"
fails "no case of that name" "$tree/tools/bench/run" --list nothing

# The report of a case that kept two bounds and missed one.
spread='{"median": 1.2, "q1": 1.1, "q3": 1.3, "rounds": 10}'
cat >"$dir/results.json" <<END
{"machine": {"cpus": 2, "model": "m", "virtual": true, "memory_gib": 1, "kernel": "6.1", "cgroups": "v2"},
 "cases": {"c": {"title": "A title", "unit": "us", "base": "a", "note": "A note.", "what": "p99",
  "rounds": 10, "foreign_percent": 1, "discarded": 0,
  "arms": {"a": {"ratio": $spread}, "b": {"ratio": $spread}},
  "columns": {"p50": {"b": $spread}}, "marks": {"b": 1.1}, "plot": null, "extra": {},
  "bars": [{"what": "first", "must": "<= 1.1", "measured": $spread, "reached": false},
           {"what": "second", "must": "<= 2", "measured": $spread, "reached": true},
           {"what": "third", "must": "<= 3", "measured": $spread, "reached": true}]}}}
END
"$tree/tools/bench/report" "$dir/results.json" --docs "$dir"
page=$(<"$dir/benchmarks.md")
matches "$page" "2 of 3 bounds were kept" "the report counts what was kept"
matches "$page" "first \| <= 1.1 \| 1.2 \(1.1 .. 1.3\) \| \*\*missed\*\*" "and shows what was missed"
matches "$page" "\`b\` \| 1.2 \| 1.1 .. 1.3 \| 1.2 \(1.1 .. 1.3\) \|" "a row has the further columns"
is "$(grep -c 'stroke="#c02020"' "$dir/benchmarks/c.svg")" 1 "the plot marks what must be reached"
sed -i 's/"discarded": 0/"discarded": 0, "ratios": false/' "$dir/results.json"
"$tree/tools/bench/report" "$dir/results.json" --docs "$dir"
matches "$(<"$dir/benchmarks.md")" "\`b\` \| 1.2 \(1.1 .. 1.3\) \|" "arms that are no match for each other have no ratios"
done_testing
