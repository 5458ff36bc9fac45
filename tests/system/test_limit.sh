#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2119,SC2317
#
# How exactly a limit is kept, and how exactly CPU time is counted.
# alone: it is CPU time that is measured
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/more.sh
. "$(dirname "$0")/more.sh"

seconds=10
rounds=3
mixed_seconds=$(amount mixed_load)

meter_ns() {
    stat_of "$1" cpu_ns
}

daemon_start

# measure ID: what the kernel and the meter counted over so many seconds, in ns a second.
measure() {
    python3 - "$seconds" "$build/weir" "$1" "$(cpu_file "$1")" <<'PYTHON'
import json
import subprocess
import sys
import time

seconds, (weir, name, path) = float(sys.argv[1]), sys.argv[2:]


def kernel():
    with open(path, encoding="ascii") as file:
        text = file.read()
    if text.startswith("usage_usec"):
        return int(text.split()[1]) * 1000
    return int(text)


def meter():
    out = subprocess.run([weir, "stats", "--json", name], capture_output=True, check=True).stdout
    return json.loads(out)[0]["cpu_ns"]


def at(read):
    """The figure, and the time in the middle of reading it."""
    before = time.monotonic_ns()
    figure = read()
    return figure, (before + time.monotonic_ns()) / 2


def rate(first, last):
    return (last[0] - first[0]) * 1e9 / (last[1] - first[1])


first = at(kernel), at(meter)
time.sleep(seconds)
last = at(kernel), at(meter)
print(*(round(rate(a, b)) for a, b in zip(first, last)))
PYTHON
}

cpu_file() {
    if [[ $(controller_version cpuacct) == 1 ]]; then
        echo "$(group_of "$1" cpuacct)/cpuacct.usage"
    else
        echo "$(group2_of "$1")/cpu.stat"
    fi
}

# allowed_beside NS: of a second, what may be off: the percents, and one quota in all the time.
allowed_beside() {
    echo $(($1 * $(bound cpu_limit) / 100 + $1 / 10 / seconds))
}

# Others may be at work on this machine, and a container that got less than its limit because they were
# says nothing about the limit: so the lower bound has to be met by one of a few rounds, the upper one
# by each.
# look ID WANTED: by kernel and meter the most of a few rounds, and the best by the kernel.
look() {
    local round kernel meter
    best_kernel=0 best_meter=0 most_kernel=0 most_meter=0
    for ((round = 0; round < rounds; round++)); do
        read -r kernel meter < <(measure "$1")
        echo "# over $seconds s: by the kernel's file $kernel, by weir stats $meter ns of CPU a second"
        ((kernel <= most_kernel)) || most_kernel=$kernel
        ((meter <= most_meter)) || most_meter=$meter
        ((kernel <= best_kernel)) || best_kernel=$kernel best_meter=$meter
        ((kernel < $2 - $(allowed_beside "$2"))) || break
    done
}

# at_most GOT MOST NAME / at_least GOT LEAST NAME
at_most() {
    if (($1 <= $2)); then ok "$3"; else not_ok "$3" "got $1, at most $2 wanted"; fi
}
at_least() {
    if (($1 >= $2)); then ok "$3"; else not_ok "$3" "got $1, at least $2 wanted"; fi
}

# Two loops: they could use two CPUs.
for limit in 0.1 0.5 1.0 1.5; do
    weir run --name "loop$limit" --cpu "0.1:$limit" --detach -- \
        sh -c 'while :; do :; done & while :; do :; done' >/dev/null
    sleep 0.3
    wanted=$((${limit/./} * 100000000))
    slack=$(allowed_beside "$wanted")
    look "loop$limit" "$wanted"
    at_most "$most_kernel" $((wanted + slack)) "row 21: busy loops get no more than a limit of $limit CPU"
    at_most "$most_meter" $((wanted + slack)) "row 21: nor by weir stats, of $limit"
    at_least "$best_kernel" $((wanted - slack)) "row 21: and no less than a limit of $limit CPU"
    at_least "$best_meter" $((wanted - slack)) "row 21: nor by weir stats, of $limit"
    weir kill "loop$limit"
    weir wait "loop$limit" >/dev/null
done

# Its other figures change all the time. Each write of a quota refills it, so it must not be written.
weir run --name kept --cpu 0.2:0.4 --mem 64Mi:128Mi --detach -- sh -c 'while :; do :; done' >/dev/null
wanted=400000000
slack=$(allowed_beside "$wanted")
change_others() {
    local n=0
    while [[ ! -e $scratch/enough ]]; do
        weir update kept --cpu "0.$((1 + n % 3)):0.4" --mem "$((33 + n % 8))Mi:128Mi" >/dev/null
        echo $((++n)) >"$scratch/updates"
        sleep 0.095
    done
}
change_others &
changer=$!
look kept "$wanted"
touch "$scratch/enough"
wait "$changer"
echo "# $(<"$scratch/updates") updates meanwhile"
at_most "$most_kernel" $((wanted + slack)) "row 21: a limit of 0.4 is kept while other figures change ten times a second"
at_least "$best_kernel" $((wanted - slack)) "row 21: and reached"

# What that finds: somebody who writes the same quota as often.
# No process is started for it: an emulated machine would be late with each.
group=$(group_of kept cpu)
if [[ $(controller_version cpu) == 1 ]]; then
    quota=(40000 "$group/cpu.cfs_quota_us")
else
    quota=("40000 100000" "$group/cpu.max")
fi
exec {nothing}<> <(:)
while [[ ! -e $scratch/naive ]]; do
    echo "${quota[0]}" >"${quota[1]}"
    read -rt 0.095 _ <&"$nothing" || :
done &
writer=$!
read -r naive _ < <(measure kept)
touch "$scratch/naive"
wait "$writer"
echo "# beside a writer of the same quota: $naive ns a second"
at_least "$naive" $((wanted + slack)) "a writer of the same quota breaks the limit"
weir kill kept
weir wait kept >/dev/null

# Of everything: slices of 1 ms to 1 s, forks, a thread that never sleeps, and
# processes from outside that move themselves in.
ms=$((mixed_seconds * 1000))
weir run --name mixed --cpu 0.2:max --detach -- \
    sh -c "\"\$0\" slices $ms & \"\$0\" slices $ms & \"\$0\" fork $ms & \"\$0\" spin $ms & wait; exec \"\$0\" nap" "$load" >/dev/null
mapfile -t joins < <(cgroups_of_run | grep "mixed$")
for ((second = 0; second < mixed_seconds - 5; second += 5)); do
    # What the shell does on its way in is outside; the load begins inside.
    sh -c 'for group; do
               if [ -e "$group/tasks" ]; then echo 0 >"$group/tasks"; else echo 0 >"$group/cgroup.procs"; fi
           done
           exec "$0" spin 1000' "$load" "${joins[@]}" &
    joined=$!
    low=$(kernel_cpu_ns mixed) got=$(meter_ns mixed) high=$(kernel_cpu_ns mixed)
    ((second % 20 != 10)) || bracketed "$low" "$got" "$high" "$(bound cpu_agreement)" \
        "after $second s of mixed load meter and kernel agree, while it runs"
    sleep 4.7
    wait "$joined"
done
mixed_is_over() {
    [[ $(tr '\0' ' ' <"/proc/$(first_pid mixed)/cmdline") == *" nap " ]]
}
eventually 60 mixed_is_over
within "$(meter_ns mixed)" "$(kernel_cpu_ns mixed)" "$(bound cpu_agreement)" \
    "over $mixed_seconds s of mixed load meter and kernel agree"
echo "# $(stat_of mixed forks) forks, $(stat_of mixed switches) switches"
at_least "$(stat_of mixed forks)" 100 "forks were among it"
done_testing
