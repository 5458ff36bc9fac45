#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016
#
# tools/vmtest believes no guest that says nothing: a virtme-ng of ours plays the guests.
set -euo pipefail
tree=$(readlink -f "$(dirname "$0")/../..")
# shellcheck source=tests/tap.sh
. "$tree/tests/tap.sh"

dir=$(mktemp -d /tmp/weir-vmtest.XXXXXX)
trap 'rm -rf "$dir"' EXIT

# A tree of its own, so that no result of a real guest is touched.
mkdir -p "$dir/tree/tests/system" "$dir/tree/tools"
cp "$tree"/tests/{guests,kconfig,run,expected-differences} "$dir/tree/tests/"
cp "$tree"/tools/{vmtest,kernels,apt-sources} "$dir/tree/tools/"
printf '#!/bin/bash\n' | tee "$dir/tree/tests/system/test_one.sh" >"$dir/tree/tests/system/test_two.sh"
chmod +x "$dir"/tree/tests/system/*
mkdir -p "$dir/guests/virtme-ng/usr/bin" "$dir/guests/kernels/6.1/boot" "$dir/unpacked/boot"
touch "$dir/guests/kernels/6.1/boot/vmlinuz-6.1.0" "$dir/image"
export WEIR_GUESTS=$dir/guests

# guest SCRIPT: what virtme-ng does. $results is where the guest writes, $argv what was asked.
guest() {
    cat >"$dir/guests/virtme-ng/usr/bin/vng" <<END
#!/bin/bash
argv=\$*
results=\$(sed 's/.*--rwdir \([^ ]*\).*/\1/' <<<"\$argv")
if [[ \$argv != *--rwdir* ]]; then exit 1; fi # the probe for KVM
$1
END
    chmod +x "$dir/guests/virtme-ng/usr/bin/vng"
}

vmtest() {
    timeout 60 "$dir/tree/tools/vmtest" "$@" 2>&1 || echo "status $?"
}

passes='echo 3 0 1 >$results/guest.result; echo 0 >$results/status'

guest "$passes; echo \"asked: \$argv\"; cat \$results/command"
said=$(vmtest oldest)
matches "$said" "vmtest: 6.1 .vmlinuz-6.1.0., unified, " "an alias is resolved, and what it became is said"
matches "$said" "3 passed, 0 failed, 1 skipped" "the guest's counts are told"
matches "$said" "asked:.*tests/guest.*unified.*test_one.sh.*test_two.sh" "all tests are run by default"
is "$(<"$dir/tree/build/test-logs/guest-6.1-unified.result")" "3 0 1" "they go into the total"
matches "$(vmtest 6.1 --guest v1 TESTS=test_tw*)" "asked:.*/guest-6.1-v1.* v1 [^ ]*tests/run.*test_two.sh" \
    "a kind of guest and a part of the tests can be asked for"
if [[ -x /lib/systemd/systemd ]]; then
    matches "$(vmtest 6.1 --guest systemd TESTS=test_tw*)" "asked:.*--append BASH_ENV=[^ ]*/tests/guest-systemd .* systemd tests/run" \
        "in a guest of systemd virtme-ng's init is to make way"
else
    skip "in a guest of systemd virtme-ng's init is to make way" "no systemd is installed here"
fi
matches "$(vmtest "$dir/image" TESTS=test_one*)" "vmtest: own .image." "an image of one's own is taken by its path"

sed 's/^CONFIG_PSI=y/# CONFIG_PSI is not set/' "$tree/tests/kconfig" >"$dir/guests/kernels/6.1/boot/config-6.1.0"
matches "$(vmtest 6.1)" "config-6.1.0 lacks CONFIG_PSI: tests/kconfig.*3 passed, 0 failed" \
    "an option that the kernel lacks is named"
rm "$dir/guests/kernels/6.1/boot/config-6.1.0"

guest 'echo 0 1 0 >$results/guest.result; echo 1 >$results/status'
matches "$(vmtest 6.1)" "0 passed, 1 failed.*status 1" "a failed test fails the run"
guest 'echo 0 0 2 >$results/guest.result; echo 4 >$results/status'
matches "$(vmtest 6.1)" "status 4" "a run of nothing but skips has a status of its own"
guest 'echo 7 >$results/status'
matches "$(vmtest 6.1 -- false)" "status 7" "a command's status is handed on"

long=$(printf 'x%.0s' {1..4000})
guest 'echo "asked: ${#argv}"; tail -c 10 $results/command; echo 0 >$results/status'
matches "$(vmtest 6.1 -- echo "$long")" "asked: [0-9]{1,3}[^0-9].*xxxxxxxxx" \
    "a kernel's command line does not grow with the command"

guest 'echo "Kernel panic - not syncing: Attempted to kill init!" >&2; exit 255'
said=$(vmtest 6.1)
matches "$said" "the guest died before the tests had ended" "a guest that dies fails the run"
matches "$said" "the kernel said: Kernel panic.*0 passed, 1 failed.*status 1" "and its last words are shown"
gives_up='echo "qemu-system-x86_64: hw/x.c:1: f: Assertion 0 failed." >&2; exit 134'
guest "[[ -e $dir/once ]] || { touch $dir/once; $gives_up; }; $passes"
said=$(vmtest 6.1)
matches "$said" "the emulator died before the guest lived: qemu-system-x86_64: .*3 passed, 0 failed" \
    "an emulator that gives up at boot gets another try"
guest "$gives_up"
matches "$(vmtest 6.1)" "emulator died.*emulator died.*emulator died.*0 passed, 1 failed.*status 1" "but not for ever"
guest "echo x >\$results/alive; $gives_up"
fails "nor once the guest has lived" grep -q "the emulator died" <<<"$(vmtest 6.1)"
guest 'echo x >$results/alive; sleep 50'
matches "$(vmtest 6.1 --silence 3)" "the guest hangs: no sign of life for 3 s.*status 1" \
    "a guest that hangs is ended"
guest 'while sleep 1; do echo x >>$results/alive; done'
matches "$(vmtest 6.1 --seconds 4)" "the guest did not end within 4 s.*status 1" \
    "a guest that never ends is ended"
for splat in "BUG: sleeping function called" "WARNING: CPU: 0 PID: 1 at kernel/bpf/x.c:1" \
    "BUG: KASAN: use-after-free" "rcu: INFO: rcu_preempt detected stalls on CPUs" \
    "INFO: task weir-daemon:77 blocked for more than 120 seconds."; do
    guest "$passes; echo '[ 1.0] $splat' >&2"
    matches "$(vmtest 6.1)" "3 passed, 1 failed, 1 skipped.*status 1" "a splat fails the run: $splat"
done
guest "$passes; echo '[ 1.0] oom-kill:constraint=CONSTRAINT_MEMCG' >&2"
matches "$(vmtest 6.1)" "3 passed, 0 failed, 1 skipped" "what a kernel says in service is no splat"

matches "$(vmtest 5.4)" "'5.4' is neither.*status 2" "an unknown series is refused by name"
matches "$(vmtest 6.12)" "no kernel 6.12.*tools/setup vm fetches it.*status 2" \
    "a kernel that was not fetched is named, and the remedy"
matches "$(vmtest 6.1 --guest none)" "'none' is no kind of guest.*status 2" "an unknown kind is refused"
matches "$(vmtest 6.1 TESTS=none*)" "no test in tests/system is called none.*status 2" \
    "tests that are not there are refused"
rm -r "$dir/guests/virtme-ng"
matches "$(PATH=/usr/bin:/bin vmtest "$dir/image")" "needs virtme-ng.*status 2" "without virtme-ng it says so"

done_testing
