#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Print a directory that holds DPDK's driver-side headers for the installed version.
#
#   sdk.sh VERSION [DIR]     DIR: take these (-Ddpdk_sdk=DIR) instead of fetching
#
# Debian's libdpdk-dev leaves these headers out. They come from the source package of the very version that is
# installed, through an apt state of our own under the cache directory: the system's lists, sources and status are not
# touched. Only headers and the VERSION file are kept. No root is needed.
set -euo pipefail
umask 022
. "$(dirname "$0")/../private_apt.sh"

version=${1:?usage: sdk.sh VERSION [DIR]}
given=${2:-}
headers='bus_driver.h dev_driver.h bus_pci_driver.h ethdev_driver.h ethdev_pci.h'

die() {
	printf 'DPDK driver-side headers (%s) for DPDK %s: %s\n' "${headers// /, }" "$version" "$1" >&2
	printf 'What to do: get the DPDK %s sources, and configure with -Ddpdk_sdk=DIR, where DIR is either the unpacked\n' "$version" >&2
	printf 'source tree or a directory with these headers and a VERSION file; or make the Debian source package "dpdk" reachable by apt.\n' >&2
	exit 1
}

# The headers in a source tree, by the place where each lives there.
find_header() { # TREE NAME
	local d
	for d in . lib/eal/include lib/ethdev drivers/bus/pci; do
		[ -f "$1/$d/$2" ] && { printf '%s\n' "$1/$d/$2"; return 0; }
	done
	return 1
}

check_version() { # DIR
	[ -f "$1/VERSION" ] || die "$1 has no VERSION file, so it cannot be told whether it fits"
	local have
	have=$(tr -d '[:space:]' <"$1/VERSION")
	[ "$have" = "$version" ] || die "$1 is of version $have"
}

# Copy headers of TREE into DIR, which appears complete or not at all.
take() { # TREE DIR
	local h f tmp
	mkdir -p "$(dirname "$2")"
	tmp=$(mktemp -d "$2.XXXXXX")
	for h in $headers; do
		f=$(find_header "$1" "$h") || { rm -rf "$tmp"; die "$1 has no $h"; }
		cp "$f" "$tmp/"
	done
	cp "$1/VERSION" "$tmp/"
	chmod 755 "$tmp"
	mv -T "$tmp" "$2" 2>/dev/null || rm -rf "$tmp" # another configure was faster
}

if [ -n "$given" ]; then
	[ -d "$given" ] || die "-Ddpdk_sdk=$given is not a directory"
	check_version "$given"
	for h in $headers; do
		[ -f "$given/$h" ] || {
			# A whole source tree: gather its headers in one directory.
			given=$(cd "$given" && pwd)
			out=${XDG_CACHE_HOME:-$HOME/.cache}/pagelift/dpdk-sdk/given-$(printf '%s' "$given" | cksum | cut -d' ' -f1)
			rm -rf "$out"
			take "$given" "$out"
			printf '%s\n' "$out"
			exit 0
		}
	done
	(cd "$given" && pwd)
	exit 0
fi

out=${XDG_CACHE_HOME:-$HOME/.cache}/pagelift/dpdk-sdk/$version
if [ -d "$out" ]; then
	check_version "$out"
	printf '%s\n' "$out"
	exit 0
fi

command -v apt-get >/dev/null || die 'apt-get is not here, so the source package cannot be fetched'
package=$(dpkg-query -W -f '${source:Version}' libdpdk-dev 2>/dev/null) || die 'libdpdk-dev is not installed'

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/tree"
private_apt "$work" deb-src
apt-get -qq -o APT::Update::Error-Mode=any update >"$work/log" 2>&1 || die "apt-get update in a private state failed: $(tail -n 1 "$work/log")"
(cd "$work" && apt-get -qq source --download-only "dpdk=$package") >"$work/log" 2>&1 ||
	die "source package dpdk=$package cannot be downloaded: $(tail -n 1 "$work/log")"
tarball=$(find "$work" -maxdepth 1 -name 'dpdk_*.orig.tar.*' ! -name '*.asc' | head -n 1)
[ -n "$tarball" ] || die 'the source package holds no dpdk_*.orig.tar'
patterns=$(for h in $headers VERSION; do printf '*/%s ' "$h"; done)
set -f
# shellcheck disable=SC2086 # the patterns are separate words on purpose
tar -xf "$tarball" -C "$work/tree" --strip-components=1 --wildcards $patterns ||
	die "$(basename "$tarball") cannot be unpacked"
set +f
check_version "$work/tree"
take "$work/tree" "$out"
printf '%s\n' "$out"
