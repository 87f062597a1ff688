# SPDX-License-Identifier: BSD-3-Clause
# Shared by the arm64 tests (sourced): the build in BUILD-arm64, which is BUILD from here on, and what runs its programs.
set -euo pipefail

TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
BUILD=${BUILD:-$TOP/build}-arm64
mkdir -p "$BUILD"
BUILD=$(cd "$BUILD" && pwd)

# Bring the build up to date and set WRAPPER, or end with the line that says why not.
arm64_build() {
	local tool sysroot status=0 log=$BUILD/arm64.log cross=$BUILD/sysroot.ini text
	for tool in clang ld.lld qemu-aarch64 prlimit; do
		command -v "$tool" >/dev/null || { echo "SKIP arm64: $tool is not here; see config/packages.txt"; exit 77; }
	done
	sysroot=$("$TOP/config/arm64/sysroot.sh" 2>"$log") || status=$?
	case $status in
	0) ;;
	77) echo "SKIP $(tail -n 1 "$log")"; exit 77 ;;
	*) echo "FAIL $(tail -n 1 "$log")"; exit 1 ;;
	esac
	# qemu-user 7.2 keeps a record for each page of the guest's addresses, mapped or not: the emulator's arena of 1 TiB would
	# cost gigabytes. With a limit of 256 GiB it does without.
	WRAPPER=(prlimit --as=274877906944 qemu-aarch64 -L "$sysroot")
	text=$(
		printf "[constants]\nsysroot = '%s'\n[binaries]\nexe_wrapper = [" "$sysroot"
		printf "'%s'," "${WRAPPER[@]}"
		printf ']\n'
	)
	# A build of another sysroot is of no use.
	if [ "$text" != "$(cat "$cross" 2>/dev/null)" ]; then
		rm -rf "$BUILD"
		mkdir -p "$BUILD"
		printf '%s\n' "$text" >"$cross"
	fi
	{
		[ -f "$BUILD/build.ninja" ] ||
			meson setup "$BUILD" "$TOP" --cross-file "$cross" --cross-file "$TOP/config/arm64/cross.ini" -Dtests=enabled
		ninja -C "$BUILD"
	} >"$log" 2>&1 || {
		echo "FAIL arm64: the build failed"
		tail -n 40 "$log"
		exit 1
	}
}
