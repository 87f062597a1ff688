#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Print a directory with another Debian suite's DPDK: its libraries, programs and headers, the C library they need, and the
# driver-side headers of that release in DIR/sdk.
#
#   release.sh SUITE RELEASE     SUITE: of Debian (trixie, sid); RELEASE: what its DPDK's version begins with (24.11)
#
# The packages come through an apt state of our own and are unpacked under the cache directory: the system's suites, lists and
# packages are not touched. No root is needed. The headers are the source package's; where the archive has none, put DPDK's
# sources, or these headers and the VERSION file, of the release into ~/.cache/pagelift/dpdk-source/RELEASE. Exit status 77: they
# cannot be had.
set -euo pipefail
umask 022
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../private_apt.sh"

suite=${1:?usage: release.sh SUITE VERSION} wanted=${2:?usage: release.sh SUITE VERSION}
headers='bus_driver.h dev_driver.h bus_pci_driver.h ethdev_driver.h ethdev_pci.h'
packages='libc6-dev libgcc-14-dev libjson-c-dev libpcap-dev libdpdk-dev dpdk-dev'
out=${XDG_CACHE_HOME:-$HOME/.cache}/pagelift/dpdk-release/$suite-$wanted

die() { # STATUS WHY
	printf 'DPDK %s of %s: %s\n' "$wanted" "$suite" "$2" >&2
	exit "$1"
}

# One builds, others wait.
mkdir -p "$(dirname "$out")"
exec 9>"$out.lock"
flock -w 300 9 || die 1 "another process has been making $out for 300 s"
if [ -f "$out/complete" ]; then
	printf '%s\n' "$out"
	exit 0
fi

command -v apt-get >/dev/null || die 77 'apt-get is not here'
work=$(mktemp -d)
tmp=
trap 'rm -rf "$work" "$tmp"' EXIT
private_apt "$work" deb "$(dpkg --print-architecture)"
# Of the archives that apt knows the main one alone, and of it this suite.
archive=$(sed -nE 's/^URIs: *//p; s/^deb (\[[^]]*\] *)?([^ ]+).*/\2/p' "$work"/sources.d/* | grep -E '/debian/?$' | head -n 1) || true
key=$(sed -n 's/^Signed-By: *//p' "$work"/sources.d/*.sources 2>/dev/null | grep debian | head -n 1) || true
[ -n "$archive" ] || die 77 'apt knows no archive of Debian'
rm -f "$work"/sources.d/*
printf 'Types: deb deb-src\nURIs: %s\nSuites: %s\nComponents: main\n%s\n' "$archive" "$suite" "${key:+Signed-By: $key}" >"$work/sources.d/release.sources"
apt-get -qq -o APT::Update::Error-Mode=any update >"$work/log" 2>&1 || die 77 "apt-get update in a private state failed: $(tail -n 1 "$work/log")"
version=$(apt-cache policy libdpdk-dev | sed -n 's/^ *Candidate: //p')
case $version in "$wanted"*) ;; *) die 77 "the suite has ${version:-no DPDK}" ;; esac
# Headers and VERSION in one directory, from a tree of sources or from such a directory.
take() { # TREE
	local h f
	for h in $headers VERSION; do
		f=$(find "$1" -name "$h" -not -path '*/windows/*' | head -n 1)
		[ -n "$f" ] || die 1 "$1 has no $h"
		cp "$f" "$work/sdk/"
	done
	case $(cat "$work/sdk/VERSION") in "$wanted"*) ;; *) die 1 "$1 is of version $(cat "$work/sdk/VERSION")" ;; esac
}
mkdir "$work/sdk" "$work/tree"
given=${XDG_CACHE_HOME:-$HOME/.cache}/pagelift/dpdk-source/$wanted
if [ -d "$given" ]; then
	take "$given"
else
	(cd "$work" && apt-get -qq source --download-only "dpdk=$version") >"$work/log" 2>&1 ||
		die 77 "the archive has no source package dpdk=$version; see config/dpdk/release.sh for what to do"
	tarball=$(find "$work" -maxdepth 1 -name 'dpdk_*.orig.tar.*' ! -name '*.asc' | head -n 1)
	[ -n "$tarball" ] || die 1 'the source package holds no dpdk_*.orig.tar'
	for h in $headers VERSION; do
		tar -xf "$tarball" -C "$work/tree" --wildcards "*/$h" || die 1 "the source has no $h"
	done
	take "$work/tree"
fi
# shellcheck disable=SC2086 # words on purpose
apt-get -qq -y --no-install-recommends --download-only install $packages >"$work/log" 2>&1 ||
	die 77 "the packages cannot be downloaded: $(tail -n 1 "$work/log")"

tmp=$(mktemp -d "$out.XXXXXX")
mkdir -p "$tmp/usr/lib" "$tmp/usr/lib64" "$tmp/usr/bin"
ln -s usr/lib "$tmp/lib"
ln -s usr/lib64 "$tmp/lib64"
for deb in "$work"/cache/archives/*.deb; do
	dpkg-deb --fsys-tarfile "$deb" | tar -x --keep-directory-symlink --no-same-owner -C "$tmp" --exclude='*.a' \
		--exclude=./{sbin,etc,var,run,usr/sbin,usr/share,usr/lib/udev,usr/lib/systemd} || die 1 "$(basename "$deb") cannot be unpacked"
done
find "$tmp" -type l -lname '/*' | while read -r link; do
	ln -snfr "$tmp$(readlink "$link")" "$link"
done
cp -r "$work/sdk" "$tmp/sdk"
chmod 755 "$tmp"
touch "$tmp/complete"
rm -rf "$out"
mv -T "$tmp" "$out"
printf '%s\n' "$out"
