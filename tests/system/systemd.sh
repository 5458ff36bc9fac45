# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# For tests on a host that systemd runs: the shipped units under names of the run, and knobs as text.
# After lib.sh and more.sh. All units go at the end, however it comes.

: "${tree:?source lib.sh first}" "${daemon_options:?}" "${build:?}" "${run:?}" "${prefix:?}" "${load:?source more.sh first}"

[[ $(</proc/1/comm) == systemd && -d /run/systemd/system ]] ||
    skip_all "systemd is not process 1 here: make vmtest GUEST=systemd"
[[ $(stat -f -c %T /sys/fs/cgroup) == cgroup2fs ]] ||
    skip_all "systemd has cgroup v1 here, and this is about v2"

cgroup2=/sys/fs/cgroup
units=/run/systemd/system
# Not "$run.": what begins so is taken for the run's containers.
service=${run}_daemon.service
slice=${run//-/_}.slice # a hyphen would be a slice in a slice

# install_unit FILE NAME: as it is shipped.
install_unit() {
    install -m 644 "$tree/dist/systemd/$1" "$units/$2"
}

# install_service [OPTION…] [SECTION LINE…]: with the run's own names and places, and these options.
install_service() {
    install_unit weir-daemon.service "$service"
    mkdir -p "$units/$service.d"
    cat >"$units/$service.d/run.conf" <<END
[Service]
ExecStart=
ExecStart=$build/weir-daemon ${daemon_options[*]} $*
RuntimeDirectory=
RuntimeDirectory=$run
StateDirectory=
END
    systemctl daemon-reload
}

main_pid() {
    systemctl show --property MainPID --value "$service"
}

daemon_journal() {
    journalctl --no-pager --output cat --unit "$service" 2>/dev/null || :
}

# place_of PID: on cgroup2.
place_of() {
    sed -n 's/^0:://p' "/proc/$1/cgroup"
}

# All that weir or systemd may write in a group, as text.
knobs_at() {
    local knob
    for knob in cpu.{weight,idle,max,max.burst} memory.{low,high,max,swap.max,oom.group}; do
        [[ ! -e $1/$knob ]] || echo "$knob $(<"$1/$knob")"
    done
}

units_remove() {
    local unit
    systemctl stop "$run*" "$slice" 2>/dev/null || :
    systemctl reset-failed "$run*" 2>/dev/null || :
    rm -rf "${units:?}/$run"* "$units/${slice:?}" "$units/$slice.d" "/run/systemd/system.control/$slice.d" \
        "/run/systemd/system.control/${run:?}"* "/run/$run"
    systemctl daemon-reload
    for unit in "$cgroup2/$slice/@weir" "$cgroup2/@weir"; do
        rmdir "$unit" 2>/dev/null || : # no daemon is left to do it; another one's comes back
    done
}

# From clean_up(), whose status it is.
units_end() {
    [[ ${status:?} -eq 0 ]] || daemon_journal | tail -n 40 | sed 's/^/# /'
    # Containers first: a slice does not go while something is in it.
    systemctl stop "${run}_daemon.socket" "$service" 2>/dev/null || :
    daemon_stop TERM
    eventually 5 cgroups_removed || :
    units_remove
}
at_end() {
    units_end
}
