#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2119,SC2317
#
# Volumes: in containers, from role to role with all that is in them, and by the command line.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/more.sh
. "$(dirname "$0")/more.sh"

admin=64000
printf '[access]\nadmin_group = %s\n[node]\ndisk = 100Gi\n[roles]\nvolume_grace = 1h\n' $admin >"$scratch/weir.conf"
daemon_start --config "$scratch/weir.conf"

path_of() {
    weir volume list --json | jq -r --arg id "$1" '.[] | select(.id == $id and ((.destroyed_us // 0) == 0)) | .path'
}
role_of() {
    weir volume list --json | jq -r --arg id "$1" '.[] | select(.id == $id and ((.destroyed_us // 0) == 0)) | .role'
}

succeeds "reserve" weir reserve --role eng/ads --cpu 0.5 --mem 64Mi --disk 10Gi
succeeds "a volume" weir volume create --role eng/ads --disk 1Gi data
path=$(path_of data)
succeeds "lies where the list says" test -d "$path"
mkdir "$scratch/data"

# ---- In a container ----

weir run --name writer --role eng/ads --volume "data:$scratch/data" --user nobody --detach -- \
    sh -c 'echo kept >"$1/file"; exec sleep 600' sh "$scratch/data"
succeeds "a container writes to it, as its user" eventually 5 test -s "$path/file"
is "$(weir volume list --used --json | jq '.[0].used_bytes')" "$(du -s -B1 "$path" | cut -f1)" "a volume tells what is in it"
is "$(stat -c %U "$path/file") $(ls "$scratch/data")" "nobody " "and nobody else sees it mounted"
is "$(weir inspect writer | jq -r '.weir.volumes[]')" "eng/ads/data:$scratch/data" "a container tells its volumes"
is "$(weir volume list --json | jq '.[0].users')" 1 "a volume tells its users"
fails "another can't have it meanwhile" weir run --name other --role eng/ads --volume "data:$scratch/data" --detach -- true
matches "$(weir run --name other --role eng/ads --volume "data:$scratch/data" --detach -- true 2>&1)" "in use" "and is told why"
matches "$(weir run --name other --role ops --volume "data:$scratch/data" --detach -- true 2>&1)" "has no volume 'data'" "nor one of another role"
is "$(weir exec writer -- cat "$scratch/data/file")" kept "what joins it has it, too"
pid=$(first_pid writer)
for how in "volume destroy --role eng/ads data" "volume shrink --role eng/ads --disk 512Mi data" \
    "reserve move --from eng/ads --to eng/search --volume data"; do
    # shellcheck disable=SC2086
    matches "$(weir $how 2>&1)" "in use" "row 41: in use, no: ${how% --role*}"
done
is "$(first_pid writer) $(role_of data)" "$pid eng/ads" "row 41: the container is unaffected, and nothing has moved"
daemon_stop KILL
daemon_start --config "$scratch/weir.conf"
is "$(weir volume list --json | jq '.[0].users')" 1 "a daemon that was killed knows who uses it"
weir rm --force writer
is "$(weir volume list --json | jq '.[0].users // 0')" 0 "until the container has ended"
is "$(weir run --role eng/ads --user nobody --volume "data:$scratch/data" -- \
    sh -c 'cat "$1/file"; echo more >>"$1/file"' sh "$scratch/data")" kept "in the foreground it is there, too"
is "$(tail -n 1 "$path/file") $(ls "$scratch/data")" "more " "and written to, and nobody else sees it mounted"
is "$(weir run --role eng/ads --net deny-agent-tcp --volume "data:$scratch/data" -- head -n 1 "$scratch/data/file")" kept \
    "behind a fence, too"
matches "$(weir run --role eng/ads --volume "data:$scratch/none" -- true 2>&1)" "mount its volumes: No such file" \
    "a directory that is not there is told of"
matches "$(setpriv --reuid nobody --regid nogroup --groups $admin "$build/weir" run --role eng/ads \
    --volume "data:$scratch/data" -- true 2>&1)" "takes root" "who is not root can't have it in the foreground"
is "$(weir volume list --json | jq '.[0].users // 0') $(weir ps -q)" "0 " "and nothing is left of these"

# ---- One of a role above, and a nearer one of the same name ----

weir reserve --role eng --disk 2Gi
weir volume create --role eng --disk 1Gi shared
users_of() {
    weir volume list --json | jq --arg role "$1" '.[] | select(.id == "shared" and .role == $role) | .users // 0'
}
weir run --name far --role eng/ads --volume "shared:$scratch/data" --detach -- sh -c 'echo far >"$1/who"; exec sleep 600' sh "$scratch/data"
far=$(weir volume list --json | jq -r '.[] | select(.id == "shared").path')
succeeds "one of a role above is had" eventually 5 test -s "$far/who"
weir volume create --role eng/ads --disk 1Gi shared
daemon_stop KILL
daemon_start --config "$scratch/weir.conf"
is "$(users_of eng) $(users_of eng/ads)" "1 0" "a nearer one that came later is another, after a restart, too"
is "$(weir exec far -- cat "$scratch/data/who")" far "also for what joins"
matches "$(weir volume destroy --role eng shared 2>&1)" "in use" "the one that is had can't be destroyed"
weir rm --force far
is "$(users_of eng) $(users_of eng/ads)" "0 0" "and both are free when it has ended"
is "$(weir run --role eng/ads --volume "eng/shared:$scratch/data" -- cat "$scratch/data/who")" far "the farther one by its role"
weir volume destroy --role eng shared
weir volume destroy --role eng/ads shared

# ---- What is in it stays what it is ----

python3 - "$path" "$(amount small_files)" <<'PYTHON'
import os
import sys

top, n = sys.argv[1], int(sys.argv[2])
for i in range(n):
    if i % 1000 == 0:
        os.mkdir(f"{top}/d{i // 1000}")
    with open(f"{top}/d{i // 1000}/{i}", "wb", buffering=0) as file:
        if i % 10 == 0:
            file.write(b"%d" % i)
with open(top + "/sparse", "wb") as file:
    file.truncate(2 << 30)
    file.seek(1 << 30)
    file.write(b"in the middle")
os.link(top + "/sparse", top + "/again")
os.symlink("/etc/shadow", top + "/link")
os.mkfifo(top + "/fifo")
os.mkdir(top + "/odd\nname\xff")
os.chown(top + "/d0/1", 12345, 54321)
os.chmod(top + "/d0/2", 0o4751)
os.utime(top + "/d0/3", ns=(1234567890123456789, 987654321987654321))
try:
    os.setxattr(top + "/d0/4", "user.weir", b"an attribute")
    os.setxattr(top + "/d0/4", "trusted.weir", b"another")
except OSError as error:
    print(f"no extended attributes here: {error}", file=sys.stderr)
PYTHON
setfacl -m u:nobody:rw "$path/d0/5" 2>/dev/null || :
manifest() {
    python3 "$tree/tests/system/manifest.py" "$1"
}
manifest "$path" >"$scratch/before"
weir run --name third --role third --cpu 0.1 --detach -- sh -c 'while :; do sleep 0.05; done'
succeeds "a volume moves between two roles" weir reserve move --from eng/ads --to eng/search --volume data
is "$(role_of data) $(path_of data)" "eng/search $path" "it is the other's"
manifest "$path" >"$scratch/after"
succeeds "row 46: what is in it is the same, to the inode" cmp "$scratch/before" "$scratch/after"
is "$(wc -l <"$scratch/after" | tr -d ' ')" "$(($(amount small_files) + $(amount small_files) / 1000 + 6))" "row 46: all of it"
succeeds "beneath a running service of a third" kill -0 "$(first_pid third)"
weir rm --force third

# ---- Broken off by kill -9 at every point: tests/unit/test_operate.c does it with all operations ----

from=eng/search to=eng/ads
for point in store.begin store.volume store.operation store.commit operate.stored operate.done; do
    daemon_stop
    export WEIR_FAULT=$point=KILL
    daemon_start --config "$scratch/weir.conf"
    unset WEIR_FAULT
    fails "row 46: killed at $point: it is not answered" weir reserve move --from "$from" --to "$to" --volume data 2>/dev/null
    eventually 5 not_running "$daemon_pid"
    daemon_start --config "$scratch/weir.conf"
    now=$(role_of data)
    matches "$now" "^($from|$to)$" "row 46: killed at $point: it is wholly done or wholly undone"
    [[ $point == operate.* ]] && is "$now" "$to" "row 46: killed at $point: what is written down is done"
    manifest "$path" >"$scratch/after"
    succeeds "row 46: killed at $point: what is in it is the same" cmp "$scratch/before" "$scratch/after"
    [[ $now == "$from" ]] || read -r from to <<<"$to $from"
done
[[ $from == eng/search ]] || weir reserve move --from "$from" --to eng/search --volume data

# ---- And is removed as a whole, but for what is not in it ----

mkdir "$scratch/outside"
echo precious >"$scratch/outside/file"
ln -s "$scratch/outside" "$path/leads-out"
(cd "$path" && python3 -c '
import os
for i in range(3000):
    os.mkdir("deep")
    os.chdir("deep")
')
succeeds "destroy" weir volume destroy --role eng/search data
is "$(weir volume list --json | jq '[.[] | select(.destroyed_us > 0 and .id == "data")] | length')" 1 "it is kept for a while"
succeeds "with its data" test -s "$path/file"
printf '[node]\ndisk = 100Gi\n[roles]\nvolume_grace = 0s\n' >"$scratch/weir.conf"
weir volume create --role eng/ads --disk 1Gi short
short=$(path_of short)
weir volume destroy --role eng/ads short
daemon_stop
daemon_start --config "$scratch/weir.conf"
succeeds "a grace that was given holds" test -s "$path/file"
weir volume create --role eng/ads --disk 1Gi gone
gone=$(path_of gone)
mkdir "$gone/tree"
ln -s "$scratch/outside" "$gone/tree/leads-out"
(cd "$gone/tree" && python3 -c '
import os
for i in range(3000):
    os.mkdir("deep")
    os.chdir("deep")
    open("file", "w").close()
')
weir volume destroy --role eng/ads gone
is_gone() {
    [[ ! -e $gone ]]
}
succeeds "when it is over, all of it goes, however deep" eventually 20 is_gone
is "$(cat "$scratch/outside/file")" precious "what a link led to stays"
succeeds "one that waits stays, too" test -d "$short"

# ---- The command line ----

matches "$(weir roles)" "eng/ads" "roles"
matches "$(weir roles --tree)" "ads" "roles as a tree"
matches "$(weir reserve --role x --cpu 0.1 --dry-run)" "unreserved.*\n?.*x|x" "--dry-run shows before and after"
fails "and changes nothing" sh -c "weir roles | grep -q '^x '"
fails "what is not there can't be unreserved" weir unreserve --role nobody --cpu 0.1
succeeds "unreserve" weir unreserve --role eng/ads --cpu 0.5 --mem 64Mi

daemon_stop
matches "$(weir purge --cgroup-prefix "$prefix" --state-dir "$state_dir" --run-dir "$scratch/run" 2>&1)" "has [0-9]+ volumes, .* --force" \
    "purge is refused while there are volumes, and says what to do"
succeeds "and they are there" test -d "$short"

done_testing
