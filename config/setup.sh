# SPDX-License-Identifier: BSD-3-Clause
# What quickstart and the tests need of a machine (sourced, from the top of the tree). Says what it does; changes nothing else.

setup_packages() {
	local missing='' p
	while read -r p; do
		case $p in '' | '#'*) continue ;; esac
		dpkg-query -W -f '${Status}' "$p" 2>/dev/null | grep -q 'ok installed' || missing="$missing $p"
	done <config/packages.txt
	[ -n "$missing" ] || return 0
	if [ "$(id -u)" != 0 ]; then
		echo "these packages are missing:$missing; install them, or run this as root" >&2
		exit 1
	fi
	echo "installing:$missing"
	# shellcheck disable=SC2086 # words on purpose
	if ! { apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends $missing; } >/dev/null; then
		echo "the packages cannot be installed:$missing" >&2
		exit 1
	fi
}

setup_hugepages() { # PAGES of 2 MiB, at least
	local have
	[ "$(id -u)" = 0 ] || return 0
	have=$(cat /proc/sys/vm/nr_hugepages 2>/dev/null || echo 0)
	if [ "$have" -lt "$1" ] && echo "$1" 2>/dev/null >/proc/sys/vm/nr_hugepages; then
		echo "hugepages of 2 MiB: there were $have, there are $(cat /proc/sys/vm/nr_hugepages)"
	fi
	if ! grep -q ' hugetlbfs ' /proc/mounts && mkdir -p /dev/hugepages && mount -t hugetlbfs nodev /dev/hugepages 2>/dev/null; then
		echo "mounted hugetlbfs at /dev/hugepages"
	fi
	return 0
}
