#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# app/hns3_emu/emu_main.c: what cannot be done is said in one line at the start, and nothing is left behind; what can be
# done ends well at SIGTERM. Argument: the emulator.
# A cross build names what runs it in MESON_EXE_WRAPPER.
set -uo pipefail
# shellcheck disable=SC2206 # words on purpose
emu=(${MESON_EXE_WRAPPER:-} "$(realpath "$1")")
dir=$(mktemp -d /tmp/emu_main.XXXXXX)
pid=
trap '[ -z "$pid" ] || kill -9 "$pid" 2>/dev/null; rm -rf "$dir"' EXIT
mkdir "$dir/run"
cd "$dir/run" || exit 1
nb=0 failed=0

bad() { # WHAT
	echo "FAIL $*"
	sed 's/^/    /' ../err
	failed=$((failed + 1))
}

refused() { # HINT arguments...
	local hint=$1 status
	shift
	nb=$((nb + 1))
	timeout 10 "${emu[@]}" "$@" >../out 2>../err </dev/null
	status=$?
	[ "$status" = 1 ] || bad "$*: exit status $status, not 1"
	[ "$(wc -l <../err)" = 1 ] && [ ! -s ../out ] || bad "$*: not one line on standard error"
	grep -qF -- "$hint" ../err || bad "$*: the line does not say \"$hint\""
	[ -z "$(ls -A)" ] || { bad "$*: left behind: $(ls -A)"; rm -rf -- ./*; }
}

a=socket=a,wire=null
refused 'give at least one --port; see --help'
refused '--port needs a value; see --help' --port
refused 'unknown option --bogus; see --help' --port $a --bogus
refused '"more" is no option; see --help' --port $a more
refused 'wire=SPEC is missing (it stands last)' --port socket=a
refused 'socket=PATH is missing' --port wire=null
refused 'port 0 has that socket already' --port $a --port $a
refused 'there are pcap, tap, netdev, gen, link and null' --port socket=a,wire=udp:eth0
refused 'a PF is a220 to a226 or a228' --port socket=a,id=a227,wire=null
refused 'a PF is a220 to a226 or a228' --port socket=a,id=a22e,wire=null
refused 'revision 0x21 or 0x30' --port socket=a,rev=0x20,wire=null
refused 'cannot read "none"' --port socket=a,wire=pcap:out=out,in=none
refused 'cannot write "none/out"' --port socket=a,wire=pcap:out=none/out
refused 'give one interface name' --port socket=a,wire=tap:
refused 'it takes size=64..9600' --port socket=a,wire=gen:size=1
refused 'there is no such port' --port socket=a,wire=link:1
refused 'port 1 must have wire=link:0 in return' --port socket=a,wire=link:1 --port socket=b,wire=null
refused 'cannot listen at none/a: No such file or directory' --port socket=none/a,wire=null
refused 'is longer than 107 bytes: choose a shorter one' --port "socket=$(printf 'x%.0s' {1..108}),wire=null"
refused 'exists and is not a socket: it is left alone' --port socket="$dir",wire=null
refused 'is in use by a running server' --port $a --port socket=./a,wire=null
refused 'cannot write the report "none/r": No such file or directory' --port $a --report none/r
refused 'cannot write the trace "none/t": No such file or directory' --port $a --trace none/t
refused 'unknown wire "x"' --port socket=a,wire=x --report r

started() { # arguments...
	"${emu[@]}" "$@" >../out 2>../err </dev/null &
	pid=$!
	for _ in $(seq 100); do
		grep -q ready ../err && return
		sleep 0.05
	done
	bad "$*: not ready within 5 s"
}

stopped() { # SIGNAL; the exit status has to be 0
	kill "-$1" "$pid"
	wait "$pid" || bad "exit status $? at SIG$1"
	pid=
}

nb=$((nb + 3))
started --port $a --port socket=b,wire=gen --report r --trace t
[ "$(stat -c %a a)" = 600 ] || bad "the socket's mode is not 600"
stopped TERM
[ "$(ls -A | tr '\n' ' ')" = 'r t ' ] || bad "left behind: $(ls -A)"
grep -q '"socket":"b"' <(tr -d ' ' <r) || bad "no report"
rm -f r t
started --port $a --report -
stopped INT
grep -q '"ports"' ../out || bad "no report on standard output"
[ -z "$(ls -A)" ] || bad "left behind: $(ls -A)"
"${emu[@]}" --help >../out 2>../err && grep -q '^usage: hns3_emu' ../out && [ ! -s ../err ] || bad "--help"

echo "$nb cases, $failed failures"
[ "$failed" = 0 ]
