#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# The rules of all conformance programs: enough of them, no number twice, each with a sentence, each cited section
# exists in doc/hns3. conf_ids.sh DOC_DIR MIN PROGRAM...
set -euo pipefail
doc=$1 min=$2
shift 2

# shellcheck disable=SC2086 # words on purpose
rules=$(for p in "$@"; do ${MESON_EXE_WRAPPER:-} "$p" --list; done)
status=0
bad() {
	echo "FAIL conf_ids: $*"
	status=1
}
nb=$(wc -l <<<"$rules")
[ "$nb" -ge "$min" ] || bad "$nb rules, there have to be at least $min"
twice=$(cut -d' ' -f1 <<<"$rules" | sort | uniq -d | tr '\n' ' ')
[ -z "$twice" ] || bad "numbers used twice: $twice"
malformed=$(grep -vE '^CONF-[A-Z]+-[0-9]{2} \[[123]:[0-9]+(\.[0-9]+)*\] [^ ].{10,}$' <<<"$rules" || true)
[ -z "$malformed" ] || bad "not CONF-BLOCK-nn [part:section] sentence: $malformed"
while IFS=: read -r part section; do
	grep -qE "^#{2,4} ${section//./\\.}\.? " "$doc"/0"$part"-*.md || bad "[$part:$section] is not in $doc"
done < <(sed -nE 's/^[^ ]+ \[([^]]+)\].*/\1/p' <<<"$rules" | sort -u)
[ "$status" = 0 ] && echo "PASS conf_ids: $nb rules, each with a number of its own and a place in the reference"
exit "$status"
