#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# The README's first command, with hugepages and without: packets are forwarded by our driver, nothing is left behind.
. "$(dirname "$0")/../support/env.sh"

[ "$BUILD" = "$TOP/build" ] || { echo "quickstart builds in build/ only"; exit 77; }
run() { # NAME arguments...
	local name=$1 before
	shift
	before=$(ls /dev/hugepages 2>/dev/null | grep -cE '^(quickstart|rtemap)' || true)
	timeout -k 5 60 "$TOP/config/quickstart.sh" --seconds 1 "$@" >"$WORK/quickstart.log" 2>&1 || fail "$name: exit status is not 0"
	grep -qE '^0 +net_hns3_pmd +[1-9]' "$WORK/quickstart.log" || fail "$name: nothing was received by our driver"
	grep -q 'IOMMU faults 0, at most [0-9]* maps, 0 left' "$WORK/quickstart.log" || fail "$name: faults, or maps left"
	! grep -q 'ended with status' "$WORK/quickstart.log" || fail "$name: testpmd_frag ended badly"
	[ "$({ ls /dev/hugepages 2>/dev/null | grep -cE '^(quickstart|rtemap)' || true; })" = "$before" ] || fail "$name: hugepage files are left"
	pass "dp_quickstart $name: $(sed -n 's/^RESULT fwd_mpps //p' "$WORK/quickstart.log")"
}
run default
run no-huge --no-huge

# With everything installed it takes no root: a copy of the tree, as a user who owns nothing else.
if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then
	mkdir "$WORK/user" "$WORK/user/tree"
	tar -C "$TOP" --exclude='./build*' --exclude=./.git -cf - . | tar -C "$WORK/user/tree" -xf -
	cache=${XDG_CACHE_HOME:-$HOME/.cache}
	[ ! -d "$cache/pagelift" ] || cp -r "$cache/pagelift" "$WORK/user/pagelift"
	chmod 755 "$WORK"
	chown -R 65534:65534 "$WORK/user"
	(cd "$WORK/user/tree" && setpriv --reuid 65534 --regid 65534 --clear-groups env HOME="$WORK/user" XDG_RUNTIME_DIR="$WORK/user" \
		XDG_CACHE_HOME="$WORK/user" timeout -k 5 150 config/quickstart.sh --seconds 1) >"$WORK/quickstart.log" 2>&1 || fail "unprivileged: exit status is not 0"
	grep -qE '^0 +net_hns3_pmd +[1-9]' "$WORK/quickstart.log" || fail "unprivileged: nothing was received by our driver"
	pass "dp_quickstart unprivileged: $(sed -n 's/^RESULT fwd_mpps //p' "$WORK/quickstart.log")"
else
	echo "SKIP dp_quickstart unprivileged: it takes root to become another user"
fi
