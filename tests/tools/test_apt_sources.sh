#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# tools/apt-sources reads what apt reads, in either format, and keeps the operator's options.
set -euo pipefail
tree=$(readlink -f "$(dirname "$0")/../..")
# shellcheck source=tests/tap.sh
. "$tree/tests/tap.sh"

command -v apt-config >/dev/null || skip_all "needs apt"

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
mkdir "$dir/parts"
export APT_CONFIG=$dir/conf
cat >"$dir/conf" <<END
Dir::Etc::sourcelist "$dir/list";
Dir::Etc::sourceparts "$dir/parts";
END

# sources FILE TEXT: the stanzas on one line each.
sources() {
    rm -f "$dir/list" "$dir/parts"/*
    printf '%b' "$2" >"$dir/$1"
    "$tree/tools/apt-sources" old new | awk -v RS= '{ gsub(/\n/, "|"); print }'
}

plain='Types: deb|URIs: http://a/d|Suites: new|Components: main'

is "$(sources list 'deb http://a/d old main contrib # c\n')" "$plain" "a line of sources.list"
is "$(sources parts/x.list '\tdeb\thttp://a/d\told\tmain\n')" "$plain" "a line of sources.list.d"
is "$(sources list '# deb http://a/d old main\n')" "" "a comment is no source"
is "$(sources list 'deb-src http://a/d old main\ndeb http://a/d old-updates main\n')" "" \
    "sources and other suites are passed over"
is "$(sources list 'deb http://a/d old contrib\n')" "" "main is what is looked for"
is "$(sources list 'deb [ arch=a,b signed-by=/k.gpg trusted=yes lang-=de ] http://a/d old main\n')" \
    "$plain|Architectures: a b|signed-by: /k.gpg|trusted: yes|Languages-Remove: de" \
    "options in brackets are kept"
is "$(sources list 'deb mirror+file:/m old main\n')" "${plain/http:\/\/a\/d/mirror+file:/m}" \
    "a list of mirrors stays one"

stanza='Types: deb deb-src\nURIs: http://a/d\nSuites: old old-updates\nComponents: main x\n'
is "$(sources parts/x.sources "$stanza")" "$plain" "a stanza"
is "$(sources parts/x.sources "# c\n$stanza#c\nsigned-by:\n -----B\n .\n k\n")" \
    "$plain|signed-by:| -----B| .| k" "a key within the stanza is kept, comments are not"
is "$(sources parts/x.sources "Enabled: no\n$stanza")" "" "a stanza that is switched off"
is "$(sources parts/x.sources "Types: deb-src\n${stanza#*n}")" "" "a stanza of sources only"
is "$(sources parts/x.sources "${stanza/URIs: /URIs: http:\/\/b\/d\\n }")" \
    "${plain/\/\/a/\/\/b}"$'\n'"$plain" "a stanza for each of several URIs"
is "$(sources parts/x.sources "${stanza/old /older }\n$stanza")" "$plain" "one stanza among several"

done_testing
