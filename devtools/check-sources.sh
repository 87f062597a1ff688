#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Lints that need no compiler; each prints PASS or FAIL with the places.
set -uo pipefail
cd "$(dirname "$0")/.."
status=0
files() { git ls-files --cached --others --exclude-standard -- "$@" | while read -r f; do [ -f "$f" ] && echo "$f"; done; }

verdict() { # NAME PLACES
	if [ -z "$2" ]; then
		echo "PASS lint $1"
	else
		printf '%s\n' "$2" | head -n 20
		echo "FAIL lint $1"
		status=1
	fi
}

verdict 'every file names its licence once, in its first lines' "$(
	files '*.c' '*.h' '*.def' '*.sh' '*.py' '*meson.build' '.ci/run' | while read -r f; do
		[ "$(head -n 3 "$f" | grep -c 'SPDX-License-Identifier: BSD-3-Clause')" = 1 ] || echo "$f"
	done
)"
verdict 'driver and emulator do not include each other' "$(
	grep -nE '#include "(emu|hns3_emu)' $(files 'drivers/*.[ch]' 'lib/*.[ch]') /dev/null
	grep -nE '#include "(hns3_|ppool)' $(files 'app/hns3_emu/*.[ch]') /dev/null
)"
verdict 'libraries do not include drivers or applications' "$(
	grep -nE '#include "(vub_|tpf|emu|hns3_)' $(files 'lib/*.[ch]') /dev/null
)"
twins() { # sources without a unit test of their name, and lines of no-twin.txt that are not true
	local list=devtools/no-twin.txt f why
	twin_of() { echo "test/unit/${1%/*}/test_${1##*/}"; }
	files 'lib/*.c' 'drivers/*.c' 'app/*.c' | while read -r f; do
		[ -f "$(twin_of "$f")" ] || grep -qF "$f " "$list" || echo "$f: write $(twin_of "$f"), or say in $list why not"
	done
	grep -v '^#' "$list" | while read -r f why; do
		[ -n "$why" ] || echo "$list: $f: no reason is given"
		if [ ! -f "$f" ]; then
			echo "$list: $f: there is no such file"
		elif [ -f "$(twin_of "$f")" ]; then
			echo "$list: $f has its twin: strike the line out"
		fi
	done
	grep -v '^#' "$list" | cut -d' ' -f1 | LC_ALL=C sort -c 2>&1 | sed "s|^sort: -|$list: keep the lines in order|"
	grep -v '^#' "$list" | cut -d' ' -f1 | sort | uniq -d | sed "s|^|$list: listed twice: |"
}
verdict 'each source has its unit test' "$(twins)"
verdict 'memory orders name their partners' "$(
	awk -f devtools/order-tags.awk $(files 'lib/*.[ch]' 'drivers/*.[ch]' 'app/*.[ch]') /dev/null
)"
verdict 'no unfinished work' "$(grep -nE '\b(TODO|FIXME|XXX)\b' $(files '*.c' '*.h' '*.py' '*.def') /dev/null)"
verdict 'no endless loop without a way out' "$(grep -nE 'while \((1|true)\)' $(files 'lib/*.c' 'drivers/*.c' 'app/*.c') /dev/null)"
verdict 'no volatile outside MMIO' "$(grep -nE '\bvolatile\b' $(files 'lib/*.[ch]' 'app/*.[ch]') /dev/null)"
verdict 'no printf in libraries and drivers' "$(grep -nE '(^|[^a-z_])printf\(' $(files 'lib/*.c' 'drivers/*.c') /dev/null)"
verdict 'files have at most 800 lines' "$(
	files '*.c' '*.h' | while read -r f; do
		n=$(wc -l <"$f")
		max=800
		[ "$n" -le "$max" ] || echo "$f: $n"
	done
)"
verdict 'no paths of one machine' "$(grep -nE '(^|[^a-zA-Z0-9_.])/(root|work|home)/' $(files '*.c' '*.h' '*.sh' '*.py' '*.md' '*meson.build' '.ci/run') /dev/null | grep -v '^devtools/check-sources.sh')"
verdict 'code is formatted' "$(
	command -v clang-format >/dev/null || exit 0
	files '*.c' '*.h' | xargs clang-format --dry-run 2>&1 | grep -E 'warning:' | cut -d: -f1 | sort | uniq -c
)"
exit $status
