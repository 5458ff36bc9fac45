#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# What the BPF programs cost this kernel's verifier: within tests/bpf-budget.txt, each of them.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"

status=0
compared=$(WEIR_BUILD=$build "$tree/tools/insn-budget" 2>&1) || status=$?
printf '%s\n' "$compared" | sed 's/^\(# \)\?/# /'

if [[ $status -le 1 ]]; then
    ok "the programs load"
else
    not_ok "the programs load" "tools/insn-budget exited with $status"
fi
while read -r program verdict; do
    is "$verdict" ok "$program stays within its budget"
done < <(sed -nE 's/^(weir_[^ ]+) .*  ([A-Za-z ]+)$/\1 \2/p' <<<"$compared")

is "$status" 0 "the comparison agrees"
done_testing
