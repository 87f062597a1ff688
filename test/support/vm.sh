# SPDX-License-Identifier: BSD-3-Clause
# Guests for tests (sourced, after env.sh): a kernel of Debian's in QEMU (TCG), emulated NICs of ours behind vfio-user.
#
#   vm_need ARCH SUITE         emulator, kernel and programs, or the line that says why they are skipped
#   vm_root MODULES            a guest's root with busybox and these modules, in order; the test adds what it wants
#   vm_run SECONDS SCRIPT QEMU_ARGS   boot it, run SCRIPT in it, end it; what it printed is in $SERIAL
#
# SCRIPT runs under busybox's sh with -u. "ok NAME" reports a case, "die WHY" ends the test, "host JSON" is a request to the
# emulator, which has to have --ctl "$WORK/ctl" for that.
#   vm_cases PREFIX NAME...    a PASS line for each of these cases, if there was just them
[ "$(id -u)" = 0 ] || { echo "SKIP $(basename "$0" .sh): guests take root (TAP interfaces, locked memory)"; exit 77; }
GUEST=$WORK/guest SERIAL=$WORK/serial.log VM_PID=
PAGELIFT_CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/pagelift

vm_cleanup() {
	[ -z "$VM_PID" ] || kill -9 "$VM_PID" 2>/dev/null || true
	cleanup
}
trap vm_cleanup EXIT

vm_fetch() { # WHAT...: sets FETCHED
	local status=0
	FETCHED=$("$TOP/config/vm/fetch.sh" "$@" 2>"$WORK/fetch.log") || status=$?
	case $status in
	0) ;;
	77) echo "SKIP $(basename "$0" .sh): $(tail -n 1 "$WORK/fetch.log")"; exit 77 ;;
	*) fail "$(tail -n 1 "$WORK/fetch.log")" ;;
	esac
}

vm_need() { # ARCH SUITE
	local machine
	VM_ARCH=$1
	command -v cpio >/dev/null || fail "cpio is not here; see config/packages.txt"
	case $VM_ARCH in amd64) machine=x86_64 ;; arm64) machine=aarch64 ;; esac
	vm_fetch qemu
	# The host's C library is too old for it: it runs under its own.
	QEMU=("$(echo "$FETCHED"/usr/lib*/ld-linux-*.so.*)" --library-path "$(echo "$FETCHED"/usr/lib/*-linux-gnu)"
		"$FETCHED/usr/bin/qemu-system-$machine" -L "$FETCHED/usr/share/qemu" -L "$FETCHED/usr/share/seabios")
	"${QEMU[@]}" -device vfio-user-pci,help >"$WORK/qemu.help" 2>&1 ||
		{ echo "SKIP $(basename "$0" .sh): this QEMU has no vfio-user-pci: $(tail -n 1 "$WORK/qemu.help")"; exit 77; }
	vm_fetch kernel "$VM_ARCH" "$2"
	VM_KERNEL=$FETCHED
	vm_fetch tools "$VM_ARCH" "$2"
	VM_TOOLS=$FETCHED
}

# Modules that this kernel does not have are built in, or of another version: the guest's test sees what is missing.
vm_root() { # MODULES...
	local m ko
	rm -rf "$GUEST"
	mkdir -p "$GUEST"/{bin,dev,proc,sys,run,tmp,mod,mnt/huge,usr/lib,etc,var}
	ln -s /run "$GUEST/var/run"
	ln -s usr/lib "$GUEST/lib"
	ln -s usr/lib "$GUEST/lib64"
	cp "$VM_TOOLS"/usr/bin/busybox "$GUEST/bin/"
	for m in "$@"; do
		ko=$(find "$VM_KERNEL" -name "$m.ko*" -print -quit)
		case $ko in
		'') continue ;;
		*.xz) xz -dc "$ko" >"$GUEST/mod/$m.ko" ;;
		*) cp "$ko" "$GUEST/mod/$m.ko" ;;
		esac
		echo "$m" >>"$GUEST/mod/order"
	done
	cat >"$GUEST/init" <<'INIT'
#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin HOME=/tmp
mount -t proc proc /proc && mount -t sysfs sysfs /sys && mount -t devtmpfs dev /dev && mount -t tmpfs run /run
mkdir -p /dev/shm /dev/pts
ip link set lo up
insert() { while read -r m; do insmod "/mod/$m.ko" || echo "insmod $m: failed"; done; }
[ -f /mod/order ] && insert </mod/order
sh -u /test.sh
echo "guest rc=$?"
sleep 1000
INIT
	chmod 755 "$GUEST/init"
}

# Libraries that FILES name, and those that these name, from the directories of LIBS.
vm_libs() { # "LIBS" FILES...
	local libs=$1 f lib
	shift
	for f in "$@"; do
		for lib in $(readelf -d "$f" | sed -n 's/.*(NEEDED).*\[\(.*\)\].*/\1/p'); do
			[ ! -f "$GUEST/usr/lib/$lib" ] || continue
			# shellcheck disable=SC2086 # words on purpose
			f=$(find $libs -maxdepth 1 -name "$lib" -print -quit)
			[ -n "$f" ] || fail "$lib is not in $libs"
			cp -L "$f" "$GUEST/usr/lib/"
			vm_libs "$libs" "$f"
		done
	done
}

# Programs of Debian's for the guest's architecture with their libraries.
vm_add() { # PROGRAM...
	local p
	for p in "$@"; do
		p=$(find "$VM_TOOLS"/usr/{bin,sbin} -name "$p" -type f -print -quit)
		cp "$p" "$GUEST/bin/"
		vm_libs "$(echo "$VM_TOOLS"/usr/lib/*-linux-gnu)" "$p"
	done
	cp -L "$VM_TOOLS"/usr/lib/*-linux-gnu/{ld-linux-*.so.*,libgcc_s.so.1} "$GUEST/usr/lib/" # the latter is opened at run time
}

# Requests of the guest's to the emulator's --ctl ("host JSON"), in their order.
vm_host_asked() {
	local request
	while [ "$(grep -ac '^guest: host {.*}' "$SERIAL")" -gt "$VM_ASKED" ]; do
		VM_ASKED=$((VM_ASKED + 1))
		request=$(tr -d '\r' <"$SERIAL" | sed -n 's/^guest: host \({.*}\)$/\1/p' | sed -n "${VM_ASKED}p")
		python3 "$SUPPORT/emu_ctl.py" "$WORK/ctl" "$request" >/dev/null || fail "the guest's request $request failed"
	done
}

# The emulated machine is not shut down but switched off, so that what its drivers have left mapped is seen.
vm_run() { # SECONDS SCRIPT QEMU_ARGS...
	local end=$((SECONDS + $1)) script=$2
	shift 2
	{
		echo 'ok() { echo "guest: ok $*"; }'
		echo 'host() { echo "guest: host $*"; }'
		echo 'die() { echo "guest: $*"; dmesg | tail -n 20; exit 1; }'
		cat "$script"
	} >"$GUEST/test.sh"
	(cd "$GUEST" && find . | cpio -o -H newc --quiet -R 0:0) >"$WORK/initrd"
	: >"$SERIAL"
	VM_ASKED=0
	"${QEMU[@]}" -accel tcg,thread=multi -smp 2 -nodefaults -display none -monitor none -serial "file:$SERIAL" -no-reboot \
		-kernel "$(echo "$VM_KERNEL"/boot/vmlinuz-*)" -initrd "$WORK/initrd" "$@" </dev/null >"$WORK/qemu.log" 2>&1 &
	VM_PID=$!
	until grep -aq '^guest rc=' "$SERIAL"; do
		kill -0 "$VM_PID" 2>/dev/null || fail "the guest ended early"
		kill -0 "$EMU_PID" 2>/dev/null || fail "the emulated NIC ended early"
		[ "$SECONDS" -lt "$end" ] || fail "the guest's test did not end in time"
		vm_host_asked
		sleep 0.1
	done
	kill "$VM_PID"
	while kill -0 "$VM_PID" 2>/dev/null; do
		[ "$SECONDS" -lt $((end + 20)) ] || fail "QEMU does not end"
		sleep 0.1
	done
	wait "$VM_PID" || true
	VM_PID=
	until [ "$(grep -c 'client gone' "$WORK/emu.log")" = "$(grep -c 'client attached, registers' "$WORK/emu.log")" ]; do
		[ "$SECONDS" -lt $((end + 20)) ] || fail "the emulated NIC does not notice that the guest is gone"
		sleep 0.1
	done
	grep -aq '^guest rc=0' "$SERIAL" || fail "the guest's test failed"
}

vm_cases() { # PREFIX NAME...
	local prefix=$1 name
	shift
	[ "$(printf '%s\n' "$@")" = "$(tr -d '\r' <"$SERIAL" | sed -n 's/^guest: ok //p')" ] || fail "$prefix: the guest reported other cases than $*"
	for name in "$@"; do pass "$prefix $name"; done
}
