#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# What a person sees of weir top, and what its keys do. There is no daemon: paint pins tables with
# made-up figures. WEIR_TEST_SCREENS=write writes screens/*.txt anew.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/more.sh
. "$(dirname "$0")/more.sh"

paint=$build/tests/system/paint
[[ -x $paint ]] || {
    echo "# no $paint: make system builds it"
    exit 1
}

# A caller's own terminal is not ours.
unset COLUMNS LINES NO_COLOR TERMINFO
# What it makes of keys is no kernel's affair, and takes an emulated CPU minutes.
scenes=(sizes quit)
[[ ${WEIR_TEST_EMULATED:-} ]] || scenes+=(styles keys scroll resize unknown_terminal)
points_of python3 "$tree/tests/system/screens.py" "$build/weir" "$paint" "$pin_dir" "$scratch" \
    "$(amount top_interval_ms)" "${scenes[@]}"
done_testing
