#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2119,SC2317
#
# Containers of other engines, whose cgroups they make themselves: metered, held if asked, let go.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/more.sh
. "$(dirname "$0")/more.sh"
# shellcheck source=tests/system/engine.sh
. "$tree/tests/system/engine.sh"

mib=$((1 << 20))
daemon_start

# A bundle with one program in it, which needs nothing else.
bundle=$scratch/bundle
mkdir -p "$bundle/rootfs/proc" "$bundle/rootfs/dev"
install -m 755 "$load" "$bundle/rootfs/load"
bundle_is() {
    jq -n --arg path "/$engine/$1" '{
        ociVersion: "1.0.0", root: {path: "rootfs"},
        process: {user: {uid: 0, gid: 0}, args: ["/load", "spin"], cwd: "/", env: [], noNewPrivileges: true},
        mounts: [{destination: "/proc", type: "proc", source: "proc"}],
        linux: {cgroupsPath: $path, namespaces: [{type: "pid"}, {type: "mount"}],
            resources: {cpu: {shares: 512, quota: 80000, period: 100000}, memory: {limit: 134217728}, pids: {limit: 77}}}
    }' >"$bundle/config.json"
}

# A runtime with its state where only this run looks.
runtime() {
    "$1" --root "$scratch/state-$1" "${@:2}"
}
at_end() {
    local name root
    for name in crun runc; do
        [[ ! -d $scratch/state-$name ]] || runtime "$name" delete --force "by-$name" >/dev/null 2>&1 || :
    done
    for root in "${roots[@]}" $(cgroup_mounts); do
        find "$root" -maxdepth 2 -depth -path "$root/$engine*" -type d -exec rmdir {} + 2>/dev/null || :
    done
}

is_set() {
    [[ $(of_engine quota_mcpu "$1") == "$2" ]]
}

adopt_from() {
    local name=by-$1 pid before
    bundle_is "$name"
    if ! runtime "$1" run --detach --bundle "$bundle" "$name" </dev/null >"$scratch/said" 2>&1; then
        skip "a container of $1" "$(head -n 1 "$scratch/said" | sed 's/^time="[^"]*" //')"
        return
    fi
    pid=$(runtime "$1" state "$name" | jq .pid)
    before=$(knobs_of "$name")
    weir adopt --pid "$pid" --name "$name"
    adopted_is_metered "$name" "$pid"
    is "$(knobs_of "$name")" "$before" "$1: nothing is written there"
    weir release "$name"

    weir adopt --cgroup "/$engine/$name" --name "$name" --cpu 0.25:0.5 --mem 32Mi:96Mi --enforce
    is "$(of_engine quota_mcpu "$name") $(($(of_engine mem_max_bytes "$name") / mib))" "500 96" "$1: held to figures, when asked"
    is "$(of_engine knob "$name" pids pids.max pids.max)" 77 "$1: what was not asked for stays as it is"
    weir update --pids 33 "$name"
    is "$(of_engine knob "$name" pids pids.max pids.max)" 33 "$1: until it is"
    runtime "$1" update --cpu-quota 70000 "$name"
    succeeds "$1: what it writes later is set back" eventually 20 is_set "$name" 500
    is "$(weir events --json "$name" | jq -r 'select(.kind == "contested") | "\(.cause) \(.figures.cpu_limit_mcpu)"' | tail -n 1)" \
        "cpu 700" "$1: and told"
    weir release "$name"
    is "$(knobs_of "$name") $(of_engine knob "$name" pids pids.max pids.max)" "$before 77" "$1: let go, every knob is as it was"

    weir adopt --pid "$pid" --name "$name"
    runtime "$1" delete --force "$name"
    succeeds "$1: it is seen to go" eventually 10 has_ended "$name"
    weir release "$name"
}

for name in crun runc; do
    if command -v "$name" >/dev/null; then
        adopt_from "$name"
    else
        skip "a container of $name" "it is not installed"
    fi
done
done_testing
