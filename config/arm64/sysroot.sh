#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Print a directory with Debian's arm64 libraries and headers: what config/arm64/cross.ini builds against.
#
# The packages are fetched through an apt state of our own and unpacked under the cache directory; nothing arm64 is
# installed. DPDK is of the version that is installed here. No root is needed. Exit status 77: they cannot be fetched.
set -euo pipefail
umask 022
. "$(dirname "$0")/../private_apt.sh"

die() { # STATUS WHY
	printf 'arm64 sysroot: %s\n' "$2" >&2
	exit "$1"
}

command -v apt-get >/dev/null || die 77 'apt-get is not here, so arm64 packages cannot be fetched'
dpdk=$(dpkg-query -W -f '${Version}' libdpdk-dev 2>/dev/null) || die 1 'libdpdk-dev is not installed'
suite=$(. /etc/os-release && printf '%s' "${VERSION_CODENAME:-}")
[ -n "$suite" ] || die 1 '/etc/os-release names no suite'
packages="libc6-dev libgcc-12-dev libcmocka-dev libjson-c-dev libpcap-dev libdpdk-dev=$dpdk"
out=${XDG_CACHE_HOME:-$HOME/.cache}/pagelift/arm64/$suite-$dpdk

# What is missing in DIR for it to be the sysroot of $packages; nothing if it is.
missing() { # DIR
	local lib f
	grep -qxF "$packages" "$1/packages" 2>/dev/null || echo packages
	for f in lib/ld-linux-aarch64.so.1 usr/lib/gcc/aarch64-linux-gnu/12/libgcc.a usr/include/cmocka.h \
		usr/lib/aarch64-linux-gnu/pkgconfig/{libdpdk,libpcap,json-c,cmocka}.pc; do
		[ -f "$1/$f" ] || echo "$f"
	done
	for lib in c cmocka json-c pcap rte_eal rte_bus_pci; do
		[ -f "$1/usr/lib/aarch64-linux-gnu/lib$lib.so" ] || echo "lib$lib.so"
	done
}

# One builds, others wait: a sysroot that somebody uses is not replaced.
mkdir -p "$(dirname "$out")"
exec 9>"$out.lock"
flock -w 300 9 || die 1 "another process has been making $out for 300 s"
if [ -d "$out" ] && [ -z "$(missing "$out")" ]; then
	printf '%s\n' "$out"
	exit 0
fi

work=$(mktemp -d)
tmp=
trap 'rm -rf "$work" "$tmp"' EXIT
private_apt "$work" deb arm64
apt-get -qq -o APT::Update::Error-Mode=any update >"$work/log" 2>&1 || die 77 "apt-get update in a private state failed: $(tail -n 1 "$work/log")"
# shellcheck disable=SC2086 # words on purpose
apt-get -qq -y --no-install-recommends --download-only install $packages >"$work/log" 2>&1 ||
	die 77 "the packages cannot be downloaded: $(tail -n 1 "$work/log")"

# Unpacked beside the final place, which appears complete or not at all.
tmp=$(mktemp -d "$out.XXXXXX")
mkdir -p "$tmp/usr/lib"
ln -s usr/lib "$tmp/lib"
for deb in "$work"/cache/archives/*.deb; do
	# Headers and libraries only, without DPDK's static ones.
	dpkg-deb --fsys-tarfile "$deb" | tar -x --keep-directory-symlink --no-same-owner -C "$tmp" --exclude='librte_*.a' \
		--exclude=./{bin,sbin,etc,var,run,usr/bin,usr/sbin,usr/share,usr/lib/udev,usr/lib/systemd} ||
		die 1 "$(basename "$deb") cannot be unpacked"
done
# An absolute link means a place in the sysroot.
find "$tmp" -type l -lname '/*' | while read -r link; do
	ln -snfr "$tmp$(readlink "$link")" "$link"
done
printf '%s\n' "$packages" >"$tmp/packages"
lacks=$(missing "$tmp")
[ -z "$lacks" ] || die 1 "the packages lack ${lacks//$'\n'/, }"
chmod 755 "$tmp"
rm -rf "$out"
mv -T "$tmp" "$out"
printf '%s\n' "$out"
