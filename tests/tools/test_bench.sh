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
        "import booked, bursters, case; print($1)"
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
done_testing
