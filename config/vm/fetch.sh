#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Print a directory with what a guest needs: an emulator of machines that knows vfio-user, kernels, programs.
#
#   fetch.sh qemu               qemu-system-{x86_64,aarch64} of Debian 13's backports, with its own libraries and ld.so
#   fetch.sh kernel ARCH SUITE  boot/vmlinuz-* and modules of Debian's cloud kernel
#   fetch.sh tools ARCH SUITE   busybox, ethtool, iperf3 with their libraries; ethtool and the kernel have to be of one age
#
# The packages are fetched through an apt state of our own, from the mirror that the system's apt uses, and unpacked under
# the cache directory; nothing is installed. What is there already is not fetched again. Exit status 77: it cannot be fetched.
set -euo pipefail
umask 022
. "$(dirname "$0")/../private_apt.sh"

die() { # STATUS WHY
	printf 'guests: %s\n' "$2" >&2
	exit "$1"
}

host=$(dpkg --print-architecture 2>/dev/null) || die 77 'dpkg is not here, so packages of Debian cannot be fetched'
packages='' arch=$host suites=trixie
case ${1:-} in
qemu)
	suites='trixie trixie-backports'
	packages='qemu-system-x86 qemu-system-arm qemu-system-data seabios ipxe-qemu'
	name=qemu
	;;
kernel)
	arch=${2:?architecture} suites=${3:?suite}
	name=kernel-$arch-$suites
	;;
tools)
	arch=${2:?architecture} suites=${3:?suite}
	packages='busybox-static ethtool iperf3'
	name=tools-$arch-$suites
	;;
*) die 1 'usage: fetch.sh qemu | kernel ARCH SUITE | tools ARCH SUITE' ;;
esac
out=${XDG_CACHE_HOME:-$HOME/.cache}/pagelift/vm/$name

# One fetches, others wait. A directory that is there is complete.
mkdir -p "$(dirname "$out")"
exec 9>"$out.lock"
flock -w 300 9 || die 1 "another process has been making $out for 300 s"
if [ "$(cat "$out/packages" 2>/dev/null)" = "$suites: ${packages:-kernel}" ]; then
	printf '%s\n' "$out"
	exit 0
fi

work=$(mktemp -d)
tmp=
trap 'rm -rf "$work" "$tmp"' EXIT
private_apt "$work" deb "$arch" "$suites"
[ -n "$(ls "$work/sources.d")" ] || die 77 "the system's apt has no source for Debian's $(. /etc/os-release && echo "${VERSION_CODENAME:-release}")"
apt-get -qq -o APT::Update::Error-Mode=any update >"$work/log" 2>&1 || die 77 "apt-get update in a private state failed: $(tail -n 1 "$work/log")"
if [ "$1" = kernel ]; then
	image=$(apt-cache depends "linux-image-cloud-$arch" | sed -n 's/^ *Depends: \(linux-image-[0-9].*\)/\1/p')
	[ -n "$image" ] || die 77 "$suites names no cloud kernel for $arch"
	(cd "$work/cache/archives" && apt-get -qq download "$image") >"$work/log" 2>&1 || die 77 "$image cannot be downloaded: $(tail -n 1 "$work/log")"
else
	# shellcheck disable=SC2086 # words on purpose
	apt-get -qq -y --no-install-recommends --download-only -t "${suites##* }" install $packages >"$work/log" 2>&1 ||
		die 77 "the packages cannot be downloaded: $(tail -n 1 "$work/log")"
fi
# Unpacked beside the final place, which appears complete or not at all.
tmp=$(mktemp -d "$out.XXXXXX")
for dir in bin sbin lib lib64; do # Debian 12's packages do not have all below usr
	mkdir -p "$tmp/usr/$dir"
	ln -s "usr/$dir" "$tmp/$dir"
done
for deb in "$work"/cache/archives/*.deb; do
	dpkg-deb --fsys-tarfile "$deb" | tar -x --keep-directory-symlink --no-same-owner -C "$tmp" --exclude=./usr/share/{doc,man,locale,info} ||
		die 1 "$(basename "$deb") cannot be unpacked"
done
printf '%s: %s\n' "$suites" "${packages:-kernel}" >"$tmp/packages"
chmod 755 "$tmp"
rm -rf "$out"
mv -T "$tmp" "$out"
printf '%s\n' "$out"
