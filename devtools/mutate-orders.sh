#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Is test/model worth its time? Breaks lib/ppool and the atomic shim in one place after the other, in a copy, and expects
# a model to go red each time.
#
#   devtools/mutate-orders.sh [--quick N] [PATTERN]
#
# --quick N takes N of them, spread over all; PATTERN those whose line matches. Memory orders are found, not listed: each
# becomes relaxed, a seq_cst also acq_rel (or its half), a fence nothing. What is broken in other ways is listed below.
# Prints KILLED, SURVIVED or EQUIVALENT and the place, one a line; ends badly if one survives or an entry is out of date.
set -uo pipefail
cd "$(dirname "$0")/.."
quick=0
if [ "${1:-}" = --quick ]; then
	quick=${2:?a number}
	shift 2
fi
pattern=${1:-.}
cc=${CC:-cc}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/lib"
cp -r lib/base lib/ppool "$work/lib"
cp -r test/model "$work/model"
flags="-std=c11 -D_GNU_SOURCE -O2 -w -fno-strict-aliasing -DBASE_ATOMIC_MODEL -U_FORTIFY_SOURCE"
flags="$flags -I$work/model -I$work/lib/base -I$work/lib/ppool"

# file|what is broken|sed program
algorithm='ppool_count.c|I3: a bias of 0 is kept|s/c->bias\[page\] < nb + 1/c->bias[page] < nb/
ppool_count.c|I2: opening debits nothing|/c->bias\[page\] -= nb;/d
ppool_count_inline.h|own puts credit nothing|s/^\tc->bias\[page\] += nb;//
ppool_count_inline.h|remote puts are lost|s/at_fetch_sub(&c->refs\[page\].refs, nb, seq_cst) != nb/at_load(\&c->refs[page].refs, seq_cst) != nb/
ppool_count.c|I4: the FIFO head is reopened with one out|/^fifo_pop_idle/,/^}/s/page_held(c, page) == 0/page_held(c, page) <= 1/
ppool_count.c|I4: any page is reopened with one out|/^list_pop_idle/,/^}/s/page_held(c, page) == 0/page_held(c, page) <= 1/
ppool_count_priv.h|R is below B by one when idle|s/refs, acquire) - c->bias\[page\];/refs, acquire) - c->bias[page] - 1;/
ppool_count_inline.h|the last put but one brings a page home|s/nb, seq_cst) != nb)/nb, seq_cst) != nb + 1)/
ppool_count.c|abandon does not clear B|/c->bias\[page\] = 0;/d
ppool_count.c|abandon clears B too late|/c->bias\[page\] = 0;/d;/^count_page_abandon/,/^}/s/^\treturn is_home;/\treturn c->bias[page] = 0, is_home;/
ppool_count.c|I5: abandon keeps the owner|/^count_page_abandon/,/^}/{/at_store(&c->owner_of/d}
ppool_count.c|abandon is off by one|s/share, seq_cst) == share;/share, seq_cst) == share + 1;/
ppool_count.c|abandon never brings a page home|/^count_page_abandon/,/^}/s/page_home(c, page);/;/
ppool_count_priv.h|retiring keeps what was not cut|/c->bias\[o->page\] += o->left;/d
ppool_count.c|the open page is cut anew with one out|s/page_held(c, o->page) == o->left)/page_held(c, o->page) <= o->left + 1)/
ppool_count.c|a victim is cut anew with one out|s/page_held(c, victim->page) == victim->left)/page_held(c, victim->page) <= victim->left + 1)/
ppool_count.c|a victim is not locked|/^take_over/,/^}/{/at_lock_/d}
ppool_count.c|a page taken over keeps its owner|/^take_over/,/^}/{/at_store(&c->owner_of/d}
ppool_count.c|what is taken over stays with its owner, too|/^page_cut/,/^}/{/o->left -= nb;/d}
ppool_count.c|the free list is not locked|/^count_free_push/,/^}/{/at_lock_/d}
ppool_count.c|undo credits nothing|s/^\t\t\tc->bias\[run->page\] += run->nb;/\t\t\t;/
ppool_count.c|undo forgets what others left|s/run_return(c, &runs\[i\], size->units);/;/
ppool_count.c|undo takes what was not cut last for uncut|s/o->next == run->first + run->nb \* units/true/
ppool_count.c|undo moves no cursor|/^take_all/,/^}/{/o->next = next;/d}
ppool_count.c|undo leaves the page in a list|/^take_all/,/^}/s/list_remove(c, o, open);/;/
ppool_count_inline.h|put looks for no announcement|/^count_leave/,/^}/{/wet(c)/d}
ppool_count.c|a refused take looks for no announcement|s/if (theirs + ours != 0)/if (0)/
ppool_count.c|an opened page looks for no announcement|/^page_open/,/^}/{/wet(c);/d}
ppool_count.c|dry although something was put|s/at_cas(&c->dry, &suspect, COUNT_DRY, seq_cst)/at_store(\&c->dry, COUNT_DRY, seq_cst)/
ppool_count.c|nothing is announced|/at_store(&c->dry, COUNT_SUSPECT, seq_cst);/d;s/suspect = COUNT_SUSPECT/suspect = COUNT_WET/
ppool_count.c|a page given up is not marked|/^count_page_abandon/,/^}/{/|= COUNT_ABANDONED/d}
ppool_count.c|the mark comes too late|/^count_page_abandon/,/^}/{/at_lock_/d}
ppool_count.c|a drained page goes to the free list|s/(c->flags\[page\] & COUNT_DRAINED) != 0, 0/0, 0/
ppool_age.c|the owner is not looked at again|s/if (at_load(&c->owner_of\[page\], relaxed) == slot)/if (slot != PPOOL_NONE)/
ppool_age.c|a page at home is taken for one that was given up|s/(c->flags\[page\] & COUNT_ABANDONED) != 0/c->flags[page] == 0/
ppool_age.c|a page given up stays on its list|/^count_age/,/^}/{/list_remove/d}
ppool_drain.c|what is free is left there|/^range_mark/,/^}/s/if (is_between(page, first, nb))/if (0)/
ppool_drain.c|an open page is left there|/^owner_drain/,/^}/s/page_retire(c, o);/;/
ppool_drain.c|owners are not locked|/^owner_drain/,/^}/{/at_lock_/d}
ppool_bitmap.c|takes what was not there|/^\t\twant &= old;/d
ppool_bitmap.c|takes by load and store|s/old = at_fetch_and(&o->cur->freed, ~want, acquire);/old = at_load(\&o->cur->freed, acquire); at_store(\&o->cur->freed, old \& ~want, release);/
ppool_bitmap.c|gives by load and store|s/return at_fetch_or(&page->freed, bits, seq_cst) & bits;/uint64_t old = at_load(\&page->freed, acquire); at_store(\&page->freed, old | bits, seq_cst); return old \& bits;/
ppool_bitmap.c|a take that failed keeps what it got|/^bitmap_take(/,/^}/{/give_some(b, objs, got);/d}
ppool_bitmap.c|a last take that failed keeps what it got|/^take_last/,/^}/s/give_some(b, objs, got);/;/
ppool_bitmap.c|the scan leaves a page out|s/i < b->nb_pages; i++/i + 1 < b->nb_pages; i++/
ppool_bitmap.c|a give looks for no announcement|/^give_some/,/^}/{/wet(b)/d}
ppool_bitmap.c|dry although something was given|s/at_cas(&b->dry, &suspect, BITMAP_DRY, seq_cst)/at_store(\&b->dry, BITMAP_DRY, seq_cst)/
ppool_bitmap.c|nothing is announced|/at_store(&b->dry, BITMAP_SUSPECT, seq_cst);/d;s/suspect = BITMAP_SUSPECT/suspect = BITMAP_WET/
ppool_bitmap.c|whole pages are taken by a store|s/at_cas(&page->freed, &all, 0, acquire))/(at_store(\&page->freed, 0, relaxed), true))/
ppool_bitmap.c|whole pages are not given back|/^bitmap_take_pages/,/^}/{/for (uint32_t i = 0; i < got; i++)/,/bits_give/d}
ppool_bitmap.c|the shared slot is not locked|/^owner_enter/,/^}/s/at_lock_take(&o->lock);/;/;/^owner_leave/,/^}/s/at_lock_give(&o->lock);/;/'

# file|part of the line that is broken|the order it becomes, or - for any|why no behaviour changes
equivalent='ppool_count_inline.h|at_store(&c->dry, COUNT_WET|-|the seq_cst load before it has placed the put among the announcements
ppool_count.c|at_store(&c->dry, COUNT_SUSPECT, seq_cst)|-|the fence behind it publishes it
ppool_count.c|at_cas(&c->dry|-|an RMW reads the newest value, whatever its order
ppool_count.c|at_fetch_sub(&c->refs[page].refs, share|acq_rel|a search finds it on the free list, where it looks once more behind all locks
ppool_count.c|at_fetch_sub(&c->refs[page].refs, share|acquire|its last user takes the lock of the free list, which is given behind it
ppool_count.c|undo takes what was not cut last for uncut|-|a take that is refused had taken all that was uncut, so its owner has cut no more
ppool_count.c|at_fetch_sub(&c->refs[run->page]|acq_rel|who searches is looked for within the lock, later
ppool_count.c|at_fetch_sub(&c->refs[run->page]|acquire|nothing was written to these fragments
ppool_bitmap.c|at_store(&b->dry, BITMAP_WET|-|what it wipes out is over: its own announcement, or one that a seq_cst load has seen
ppool_bitmap.c|at_store(&b->dry, BITMAP_SUSPECT, seq_cst)|-|the fence behind it publishes it
ppool_bitmap.c|at_cas(&b->dry|-|an RMW reads the newest value, whatever its order'

orders() { # FILE: number|from|to, of each order that can be weaker
	awk '
		/memory_order_/ { next }
		function emit(from, to) { print FNR "|" from "|" to }
		/at_fence_seq_cst\(\);/ { emit("at_fence_seq_cst();", ";") }
		/[ ,\t]acquire\)/ { emit("acquire)", "relaxed)") }
		/[ ,\t]release\)/ { emit("release)", "relaxed)") }
		/[ ,\t]acq_rel\)/ { emit("acq_rel)", "relaxed)"); emit("acq_rel)", "acquire)"); emit("acq_rel)", "release)") }
		/[ ,\t]seq_cst\)/ {
			emit("seq_cst)", "relaxed)")
			if (/at_load/) emit("seq_cst)", "acquire)")
			else if (/at_store/) emit("seq_cst)", "release)")
			else { emit("seq_cst)", "acq_rel)"); emit("seq_cst)", "acquire)"); emit("seq_cst)", "release)") }
		}' "$1"
}

mutations() { # path|title|sed program
	local f n from to
	for f in ppool/ppool_count.c ppool/ppool_count_inline.h ppool/ppool_count_priv.h ppool/ppool_bitmap.c base/atomic.h; do
		while IFS='|' read -r n from to; do
			printf '%s|%s:%s %s -> %s: %s|%s\n' "$f" "${f#*/}" "$n" "${from%)}" "${to%)}" \
				"$(sed -n "${n}s/^[[:space:]]*//p" "lib/$f" | tr '|' '/')" "${n}s/$from/$to/"
		done < <(orders "lib/$f")
	done
	while IFS='|' read -r f from to; do
		printf 'ppool/%s|%s %s|%s\n' "$f" "$f" "$from" "$to"
	done <<<"$algorithm"
}

why_equivalent() { # TITLE
	local f part to why
	while IFS='|' read -r f part to why; do
		case $1 in
		"$f"[:\ ]*"$part"*) case $to:$1 in -:* | *:*" -> $to: "*) printf '%s\n' "$why" && return ;; esac ;;
		esac
	done <<<"$equivalent"
	return 1
}

sources() { # NAME: as test/model/meson.build has them
	case $1 in count) echo ppool_count ppool_count_check ppool_age ppool_drain ;; bitmap) echo ppool_bitmap ppool_bitmap_check ;; esac
}

build_core() { # NAME
	local f objs=()
	for f in $(sources "$1"); do
		$cc $flags -fsanitize=thread -c "$work/lib/ppool/$f.c" -o "$work/core_$f.o" || return
		objs+=("$work/core_$f.o")
	done
	$cc "$work/model_ppool_$1.o" "${objs[@]}" "$work"/model*.lib.o -o "$work/run_$1"
}

is_red() { # PATH: does a model fail?
	local name names
	case $1 in *count* | *age* | *drain*) names=count ;; *bitmap*) names=bitmap ;; *) names='bitmap count' ;; esac
	for name in $names; do
		build_core "$name" >"$work/log" 2>&1 || {
			echo "does not compile:" && cat "$work/log"
			exit 2
		}
		timeout 120 "$work/run_$name" >"$work/log" 2>&1 || return 0
	done
	return 1
}

for f in model model_memory model_data; do $cc $flags -c "$work/model/$f.c" -o "$work/$f.lib.o" || exit 2; done
for f in count bitmap; do
	$cc $flags -c "$work/model/model_ppool_$f.c" -o "$work/model_ppool_$f.o" || exit 2
	if is_red "$f"; then
		echo "model_ppool_$f is red before anything is broken"
		exit 2
	fi
done

mutations | grep -e "$pattern" >"$work/list"
total=$(wc -l <"$work/list")
step=1
[ "$quick" -gt 0 ] && [ "$quick" -lt "$total" ] && step=$(((total + quick - 1) / quick))
killed=0 survived=0 listed=0
while IFS='|' read -r path title program; do
	sed "$program" "lib/$path" >"$work/lib/$path"
	if cmp -s "lib/$path" "$work/lib/$path"; then
		echo "SURVIVED $title: the entry finds nothing to break"
		survived=$((survived + 1))
		continue
	fi
	if is_red "$path"; then
		echo "KILLED $title ($(sed -n 's/^FAIL \([^:]*\): .*/\1/p' "$work/log" | head -n 1))"
		killed=$((killed + 1))
		if why=$(why_equivalent "$title"); then
			echo "  but it is listed as equivalent: $why"
			survived=$((survived + 1))
		fi
	elif why=$(why_equivalent "$title"); then
		echo "EQUIVALENT $title ($why)"
		listed=$((listed + 1))
	else
		echo "SURVIVED $title"
		survived=$((survived + 1))
	fi
	cp "lib/$path" "$work/lib/$path"
done < <(awk -v step="$step" 'NR % step == 0 || step == 1' "$work/list")
echo "$killed killed, $listed equivalent, $survived survived"
[ "$survived" = 0 ] && [ "$killed" -gt 0 ]
