#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2119,SC2317
#
# Two bursters, one of which is noisy: many threads, and a storm of forks. The other one is not to pay.
# alone: it is CPU time that is measured
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/more.sh
. "$(dirname "$0")/more.sh"

seconds=10
cpus=$(nproc)

# loops N: shell words that start so many of them and wait.
loops() {
    echo "for i in \$(seq $1); do \"\$0\" spin & done; wait"
}

used() {
    kernel_cpu_ns "$1"
}

daemon_start
weir run --name service --cpu 0.9:max --detach -- \
    sh -c 'while :; do "$0" spin 2; sleep 0.008; done' "$load" >/dev/null
weir run --name innocent --cpu 0.1:max --detach -- sh -c "$(loops "$cpus")" "$load" >/dev/null
weir run --name noisy --cpu 0.1:max --detach -- \
    sh -c "while :; do \"\$0\" fork 10000; done & $(loops $((4 * cpus)))" "$load" >/dev/null
succeeds "beside a service the innocent gives way" eventually 10 is_idle innocent
succeeds "and the noisy one" eventually 10 is_idle noisy

# look: what the innocent got of half of what both got, in percent.
look() {
    local innocent noisy
    innocent=$(used innocent) noisy=$(used noisy)
    sleep "$seconds"
    innocent=$(($(used innocent) - innocent)) noisy=$(($(used noisy) - noisy))
    share=$((200 * innocent / (innocent + noisy)))
    echo "# the innocent got $innocent, the noisy one $noisy ns: $share % of an equal share"
}
# Others may be at work on this machine: one of a few looks has to show it.
share=0 best=0
for ((i = 0; i < 3 && best < $(bound innocent); i++)); do
    look
    ((share <= best)) || best=$share
done
is "$((best >= $(bound innocent)))" 1 "the innocent gets $best % of an equal share, at least $(bound innocent)"
is "$(weir why --json innocent | jq -r '.culprits[0].id')" noisy "weir why names who it waited for"
is "$(weir why --json service | jq '.band == "guaranteed"')" true "the service gives way to neither"
done_testing
