# SPDX-License-Identifier: BSD-3-Clause
# Guests for tests (sourced, after env.sh): a kernel of Debian's in QEMU (TCG), emulated NICs of ours behind vfio-user.
#
#   vm_need ARCH SUITE         emulator, kernel and programs, or the line that says why they are skipped
#   vm_root MODULES            a guest's root with busybox and these modules, in order; the test adds what it wants
#   vm_run SECONDS QEMU_ARGS   boot it, run /test.sh in it (from standard input), power off; what it printed is $SERIAL
#
# /test.sh runs under busybox's sh with -u; its last line is the exit status.
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
	vm_fetch tools "$VM_ARCH"
	VM_TOOLS=$FETCHED
}

# Modules that this kernel does not have are built in, or of another version: the guest's test sees what is missing.
vm_root() { # MODULES...
	local m ko
	rm -rf "$GUEST"
	mkdir -p "$GUEST"/{bin,dev,proc,sys,run,tmp,mod,mnt/huge,usr/lib,etc}
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
. /test.sh
echo "guest rc=$?"
poweroff -f
INIT
	chmod 755 "$GUEST/init"
}

# A program of Debian's for the guest's architecture with the libraries that it names, from the unpacked packages.
vm_add() { # PROGRAM...
	local p
	for p in "$@"; do
		cp "$(find "$VM_TOOLS" -name "$p" -type f -perm -1 -print -quit)" "$GUEST/bin/"
	done
	cp -a "$VM_TOOLS"/usr/lib/*-linux-gnu/*.so* "$GUEST/usr/lib/"
	cp -a "$VM_TOOLS"/usr/lib/ld-linux-*.so* "$GUEST/usr/lib/" 2>/dev/null || true
	cp -a "$VM_TOOLS"/usr/lib64/ld-linux-*.so* "$GUEST/usr/lib/" 2>/dev/null || true
}

vm_run() { # SECONDS QEMU_ARGS...
	local limit=$1 status=0
	shift
	cat >"$GUEST/test.sh"
	(cd "$GUEST" && find . | cpio -o -H newc --quiet -R 0:0) >"$WORK/initrd"
	timeout -k 5 "$limit" "${QEMU[@]}" -accel tcg,thread=multi -smp 2 -nodefaults -display none -monitor none -serial "file:$SERIAL" -no-reboot \
		-kernel "$(echo "$VM_KERNEL"/boot/vmlinuz-*)" -initrd "$WORK/initrd" "$@" </dev/null >"$WORK/qemu.log" 2>&1 &
	VM_PID=$!
	wait "$VM_PID" || status=$?
	VM_PID=
	[ "$status" != 124 ] || fail "the guest did not end within $limit s"
	grep -aq '^guest rc=0' "$SERIAL" || fail "the guest's test failed"
}
