# SPDX-License-Identifier: BSD-3-Clause
# An apt state of our own (sourced): the system's lists, sources and status are not touched, and no root is needed.

# private_apt DIR TYPE [ARCH [SUITES]]: from here on apt-get reads DIR/apt.conf, knows the system's Debian entries as TYPE
# (deb or deb-src) and takes nothing as installed. ARCH: for this architecture instead of the machine's. SUITES: these of the
# mirror that has the system's own suite, instead of the system's.
private_apt() {
	local dir=$1 type=$2 arch=${3:-} suites=${4:-} f own suite
	mkdir -p "$dir/lists/partial" "$dir/cache/archives/partial" "$dir/sources.d"
	: >"$dir/status"
	for f in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
		[ -f "$f" ] && sed -nE "s/^deb (.*debian.*)$/$type \1/; T; s/arch=[^] ]*//; s/\[ *\]//; p" "$f" >"$dir/sources.d/$(basename "$f" .list).list"
	done
	for f in /etc/apt/sources.list.d/*.sources; do
		[ -f "$f" ] && grep -q 'debian' "$f" && sed "s/^Types:.*/Types: $type/; /^Architectures:/d" "$f" >"$dir/sources.d/$(basename "$f")"
	done
	if [ -n "$suites" ]; then
		own=$(. /etc/os-release && printf '%s' "${VERSION_CODENAME:-}")
		for f in "$dir"/sources.d/*; do
			case $f in
			*.sources) awk -v RS= -v ORS='\n\n' "/(^|\n)Suites:[^\n]* $own( |\n|\$)/" "$f" | sed "/^#/d; s/^Suites:.*/Suites: $suites/" ;;
			*.list) for suite in $suites; do sed -nE "s/ $own( |\$)/ $suite\1/p" "$f"; done ;;
			esac >"$dir/suites"
			mv "$dir/suites" "$f"
		done
		find "$dir/sources.d" -type f -empty -delete
	fi
	cat >"$dir/apt.conf" <<CONF
Dir::State "$dir";
Dir::State::Lists "$dir/lists";
Dir::State::status "$dir/status";
Dir::Cache "$dir/cache";
Dir::Etc::sourcelist "/nonexistent";
Dir::Etc::sourceparts "$dir/sources.d";
Acquire::Languages "none";
Acquire::http::Timeout "20";
Acquire::https::Timeout "20";
APT::Sandbox::User "";
CONF
	[ -z "$arch" ] || printf 'APT::Architecture "%s";\nAPT::Architectures { "%s"; };\n' "$arch" "$arch" >>"$dir/apt.conf"
	export APT_CONFIG=$dir/apt.conf
}
