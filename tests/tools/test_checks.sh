#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# tools/check-floors and tools/check-tree find what is wrong with a tree, and only that.
set -euo pipefail
tree=$(readlink -f "$(dirname "$0")/../..")
# shellcheck source=tests/tap.sh
. "$tree/tests/tap.sh"

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

# put FILE TEXT: the only file of a new tree.
put() {
    rm -rf "$dir/tree"
    mkdir -p "$dir/tree/$(dirname "$1")"
    printf '%b' "$2" >"$dir/tree/$1"
}

# floor FILE HEADER: what check-floors says of a file that includes the header.
floor() {
    put "$1" "/* */\n#include $2\n"
    "$tree/tools/check-floors" "$dir/tree" || :
}

allowed() {
    is "$(floor "$1" "$2")" "" "$1 may include $2"
}

refused() {
    matches "$(floor "$1" "$2")" "^$1:2: includes " "$1 may not include $2"
}

allowed user/base/a.c '"base/error.h"'
allowed user/base/a.c '"weir/abi.h"'
refused user/base/a.c '"model/plan.h"'
allowed user/model/a.c '"base/error.h"'
refused user/model/a.h '"kern/cgroup.h"'
refused user/model/a.c '<systemd/sd-event.h>'
refused user/kern/a.c '"model/plan.h"'
allowed user/kern/bpf.c '<bpf/libbpf.h>'
allowed user/kern/bpf.c '"weir.skel.h"'
allowed user/kern/bpf.c '<linux/bpf.h>'
allowed user/control/a.c '"kern/cgroup.h"'
allowed user/control/a.c '"model/plan.h"'
allowed user/control/a.c '<sqlite3.h>'
refused user/control/a.c '"api/api.h"'
refused user/control/a.c '<bpf/libbpf.h>'
refused user/control/a.c '<jansson.h>'
allowed user/api/a.c '<microhttpd.h>'
allowed user/api/a.c '"control/controller.h"'
refused user/api/a.c '"kern/cgroup.h"'
refused user/api/a.c '<sqlite3.h>'
refused user/api/a.c '"weir/weir.h"'
allowed user/daemon/main.c '"api/api.h"'
refused user/daemon/main.c '"client/transport.h"'
allowed user/client/a.c '"weir/weir.h"'
allowed user/client/a.c '<jansson.h>'
refused user/client/a.c '"model/plan.h"'
allowed user/cli/a.c '<ncurses.h>'
refused user/cli/a.c '<jansson.h>'
refused user/cli/a.c '"control/controller.h"'
refused user/cli/a.c '"../control/controller.h"'
allowed bpf/meter.bpf.c '<bpf/bpf_helpers.h>'
refused bpf/meter.bpf.c '"base/error.h"'
refused include/weir/abi.h '"base/error.h"'
matches "$(floor user/attic/a.c '<errno.h>')" "there is no room 'attic'" "rooms are not added in passing"

# tree_says FILE TEXT
tree_says() {
    put "$1" "$2"
    "$tree/tools/check-tree" "$dir/tree" || :
}

spdx="SPDX-License-Identifier"
gpl="GPL-2.0-only OR BSD-2-Clause"
is "$(tree_says user/a.c "/* $spdx: Apache-2.0 */\n")" "" "a licence line suffices"
is "$(tree_says tools/a "#!/bin/sh\n# $spdx: Apache-2.0\n")" "" "in scripts it is the second"
matches "$(tree_says tools/a "#!/bin/sh\n:\n")" "^tools/a:2: wants" "a script without one is found"
matches "$(tree_says user/a.c "int a;\n")" "^user/a.c:1: wants" "a source without one is found"
matches "$(tree_says bpf/a.bpf.c "/* $spdx: Apache-2.0 */\n")" "wants .*GPL" "BPF has the kernel's licence"
is "$(tree_says bpf/a.bpf.c "/* $spdx: $gpl */\n")" "" "or a freer one"
matches "$(tree_says docs/a.md "later: TO""DO\n")" "left for later" "nothing is left for later"
matches "$(tree_says docs/a.md "see /ho""me/me/x\n")" "a path of one machine" "no machine is named"
is "$(tree_says docs/a.md "cd ~/ho""me/x; \$d/wo""rk/x\n")" "" "a path below another is not one"
matches "$(tree_says docs/a.md "at d""eb.debian.o""rg\n")" "registry" "no registry is named"
matches "$(tree_says user/a.c "/* $spdx: Apache-2.0 */\n$(printf '\\n%.0s' {1..400})")" \
    "longer than 400 lines" "a file has an end"

done_testing
