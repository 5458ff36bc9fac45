#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2119,SC2317
#
# The configuration is read again under running containers, and every knob can be put back at once.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/more.sh
. "$(dirname "$0")/more.sh"

config=$scratch/weir.conf

# configure LINE…
configure() {
    printf '%s\n' "$@" >"$config"
}

says_in_log() {
    grep -q -- "$1" "$daemon_log"
}

configure '[bursting]' 'bands = no'
daemon_start --config "$config"
pid=$daemon_pid
cpus=$(nproc)

# Somebody within their request, and loops that are over theirs.
for ((i = 0; i < cpus; i++)); do
    weir run --name "burst$i" --cpu 0.01:max --detach -- "$load" spin >/dev/null
done
weir run --name service --cpu 0.9:max --detach -- \
    sh -c 'while :; do "$0" spin 2; sleep 0.002; done' "$load" >/dev/null
sleep 1
succeeds "bands = no: nobody gives way" is_normal burst0

configure '[bursting]' 'bands = yes'
succeeds "reload" weir reload
succeeds "bands = yes, read again: who is over gives way" eventually 5 is_idle burst0
is "$(weir update burst0 --cpu 0.02:1.5 2>&1)" "" "an update of one that gives way"

# A knob that somebody else has bent: a daemon that is not held still would notice by itself.
kill -STOP "$daemon_pid"
if [[ $(controller_version cpu) == 2 ]]; then
    echo "max 100000" >"$(group_of burst0 cpu)/cpu.max"
else
    echo -1 >"$(group_of burst0 cpu)/cpu.cfs_quota_us"
fi
is "$(quota_mcpu burst0)" max "somebody takes its quota away"
kill -CONT "$daemon_pid"
succeeds "reset-knobs" weir reset-knobs
is "$(weight_mcpu burst0) $(quota_mcpu burst0)" "20 1500" "every knob is what its figures say, at once"
for ((i = 0; i < cpus; i++)); do
    succeeds "and burst$i gives way no more" is_normal "burst$i"
done
sleep 1
succeeds "nor does it later" is_normal burst0
succeeds "reload ends that" weir reload
succeeds "and bands are back" eventually 5 is_idle burst0

# A dry run tells, and does nothing.
configure '[bursting]' 'dry_run = yes'
succeeds "reload for a dry run" weir reload
succeeds "dry_run = yes: who gave way is put back" is_normal burst0
would_give_way() {
    weir events --json burst0 | jq -se 'map(select(.kind == "demoted")) | last | .figures.dry_run == 1' >/dev/null
}
succeeds "an event tells that it would give way" eventually 5 would_give_way
sleep 0.3
succeeds "but it does not" is_normal burst0
is "$(stat_of burst0 band)" guaranteed "nor do the maps say so"
configure '[bursting]' 'dry_run = no'
succeeds "reload for a real one" weir reload
succeeds "then it does" eventually 5 is_idle burst0

# What is wrong changes nothing and names its line.
configure '[bursting]' 'bands = no' 'squeeze = perhaps'
code=0
error=$(weir reload 2>&1) || code=$?
is "$code" 4 "a file that is wrong is refused"
succeeds "and the error names its line" grep -qF "$config:3: squeeze: 'perhaps' is neither: expected yes or no" <<<"$error"
sleep 0.5
# It may have starved for long enough to be within its request for a moment.
succeeds "all stays as it was" eventually 5 is_idle burst0
call '{"type": "RELOAD"}'
is "$code" 409 "as the API says: 409"

# By signal, and what needs a restart is said.
configure '[daemon]' 'threads = 7' '[bursting]' 'bands = no'
kill -HUP "$pid"
succeeds "SIGHUP reads it again" eventually 5 is_normal burst0
succeeds "threads can't be changed so, and the log says it" eventually 5 says_in_log "threads has been changed"
succeeds "the daemon is the same" kill -0 "$pid"
is "$(field service .weir.state)" running "and so is what runs"
done_testing
