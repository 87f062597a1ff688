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

# What this scheme is usually got wrong by, and where it stands below:
#   a relaxed hand-off           not here: both models have to find it each time ("relaxed hand-off")
#   0 bias instead of >= 1       "I3: a bias of 0 is kept"
#   xchg racing with fetch_or    "by load and store", "wipes out what was given"
#   a bulk get fails midway      "undo ...", "a take that failed ...", "whole pages are not given back"
#   abandon and the last put     "abandon ...", "the mark comes too late", "a run of a page given up ..."
#   abandon and a get            "abandons by load and store", "gets by load and store"
# Locks that are taken by force (ppool_recover.c) need a clock and a dead process: test/mempool/mp_secondary.

# file|what is broken|sed program
algorithm='ppool_count.c|I3: a bias of 0 is kept|s/c->bias\[page\] < nb + 1/c->bias[page] < nb/
ppool_count.c|I2: opening debits nothing|/c->bias\[page\] -= nb;/d
ppool_count_inline.h|own puts credit nothing|s/^\tc->bias\[page\] += nb;//
ppool_count_inline.h|all puts are taken for own|s/at_load(&c->owner_of\[page\], relaxed) != o->slot, 0/0, 0/
ppool_count_inline.h|remote puts are lost|s/at_fetch_sub(&c->refs\[page\].refs, nb, seq_cst) != nb/at_load(\&c->refs[page].refs, seq_cst) != nb/
ppool_count_inline.h|puts by load and store|s/if (at_fetch_sub(&c->refs\[page\].refs, nb, seq_cst) != nb)/uint32_t R = at_load(\&c->refs[page].refs, acquire); at_store(\&c->refs[page].refs, R - nb, seq_cst); if (R != nb)/
ppool_count.c|gets by load and store|s/!at_cas(&c->refs\[page\].refs, &refs, refs + nb, relaxed)/(at_store(\&c->refs[page].refs, refs + nb, relaxed), 0)/
ppool_count.c|abandons by load and store|s/at_fetch_sub(&c->refs\[page\].refs, share, seq_cst) == share;/at_load(\&c->refs[page].refs, acquire) == share; at_store(\&c->refs[page].refs, at_load(\&c->refs[page].refs, acquire) - share, seq_cst);/
ppool_count.c|I4: the FIFO head is reopened with one out|/^fifo_pop_idle/,/^}/s/page_held(c, page) == 0/page_held(c, page) <= 1/
ppool_count.c|I4: any page is reopened with one out|/^list_pop_idle/,/^}/s/page_held(c, page) == 0/page_held(c, page) <= 1/
ppool_count_priv.h|R is below B by one when idle|s/refs, acquire) - c->bias\[page\];/refs, acquire) - c->bias[page] - 1;/
ppool_count_inline.h|the last put but one brings a page home|s/nb, seq_cst) != nb)/nb, seq_cst) != nb + 1)/
ppool_count.c|abandon does not clear B|/c->bias\[page\] = 0;/d
ppool_count.c|abandon clears B too late|/c->bias\[page\] = 0;/d;/^count_page_abandon/,/^}/{s/^\treturn is_home;/\treturn c->bias[page] = 0, is_home;/}
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
ppool_count.c|the free list is popped without its lock|/^free_pop/,/^}/{/at_lock_/d}
ppool_count.c|undo credits nothing|s/^\t\t\tc->bias\[run->page\] += run->nb;/\t\t\t;/
ppool_count.c|undo forgets what others left|s/run_return(c, &runs\[i\], size->units);/;/
ppool_count.c|undo takes what was not cut last for uncut|s/o->next == run->first + run->nb \* units/true/
ppool_count.c|undo moves no cursor|/^take_all/,/^}/{/o->next = next;/d}
ppool_count.c|undo leaves the page in a list|/^take_all/,/^}/s/list_remove(c, o, open);/;/
ppool_count.c|undo keeps what the retirement gave back|/^take_all/,/^}/{/c->bias\[open\] -= rest;/d}
ppool_count.c|a run of a page given up is credited to nobody|s/if (!is_theirs && at_fetch_sub(/if (0 \&\& at_fetch_sub(/
ppool_count.c|a run of a page given up is credited to its last owner|s/is_theirs = slot != PPOOL_NONE && at_load(&c->owner_of\[run->page\], relaxed) == slot;/is_theirs = slot != PPOOL_NONE;/
ppool_count.c|a run of a page given up brings no page home|/^run_return/,/^}/s/count_free_push(c, run->page);/;/
ppool_count.c|a run is returned without the lock of its owner|/^run_return/,/^}/{/at_lock_/d}
ppool_count_inline.h|put looks for no announcement|/^count_leave/,/^}/{/count_wet(c)/d}
ppool_count.c|a refused take looks for no announcement|s/if (theirs + ours != 0)/if (0)/
ppool_count.c|an opened page looks for no announcement|/^page_open/,/^}/{/count_wet(c);/d}
ppool_count.c|a page that comes home looks for no announcement|/^count_free_push/,/^}/{/count_wet(c);/d}
ppool_count.c|abandon looks for no announcement|/^count_page_abandon/,/^}/{/count_wet(c);/d}
ppool_count.c|a take that was served leaves its announcement|/if (theirs + ours == n)/,/}/{/count_wet(c);/d}
ppool_count.c|dry although something was put|s/at_cas(&c->dry, &suspect, COUNT_DRY, seq_cst)/at_store(\&c->dry, COUNT_DRY, seq_cst)/
ppool_count.c|nothing is announced|/at_store(&c->dry, COUNT_SUSPECT, seq_cst);/d;s/suspect = COUNT_SUSPECT/suspect = COUNT_WET/
ppool_count.c|a page given up is not marked|/^count_page_abandon/,/^}/{/|= COUNT_ABANDONED/d}
ppool_count.c|the mark comes too late|/^count_page_abandon/,/^}/{/at_lock_/d}
ppool_count.c|the mark stays when the page is home|/^page_home/,/^}/{/&= (uint8_t)~COUNT_ABANDONED/d}
ppool_count.c|a drained page goes to the free list|s/(c->flags\[page\] & COUNT_DRAINED) != 0, 0/0, 0/
ppool_count.c|a bias is folded, R is not|/^count_bias_fold/,/^}/{/at_fetch_sub/d}
ppool_count.c|R is folded, a bias is not|/^count_bias_fold/,/^}/{/c->bias\[page\] -= excess;/d}
ppool_count.c|folds by load and store|s/at_fetch_sub(&c->refs\[page\].refs, excess, relaxed);/at_store(\&c->refs[page].refs, at_load(\&c->refs[page].refs, relaxed) - excess, relaxed);/
ppool_count.c|a closed pool waits for nothing|s/c->is_quarantined = !is_home;/;/
ppool_count.c|a closed pool is looked at without its lock|/^count_close/,/^}/{/at_lock_/d}
ppool_count.c|a closed pool is home with a page out|/^count_close/,/^}/s/== c->nb_pages;/+ 1 >= c->nb_pages;/
ppool_count.c|the last put is another|s/c->is_quarantined && nb + c->nb_aside == c->nb_pages/c->is_quarantined \&\& nb + c->nb_aside + 1 == c->nb_pages/
ppool_count.c|who frees waits for no owner|/^count_wait_users/,/^}/{/owners\[s\]/d}
ppool_count.c|who frees does not wait for the free list|/^count_wait_users/,/^}/{/free_lock/d}
ppool_count_inline.h|gathered: two puts count as one|/^count_puts_add/,/^}/s/puts->nb\[at\] += nb;/;/
ppool_count_inline.h|gathered: a page pushes another out|/^count_puts_add/,/^}/{/count_put_away(/d}
ppool_count_inline.h|gathered: a page is taken for another|s/if (puts->page\[at\] == page)/if (1)/
ppool_count_inline.h|gathered: the first page only|s/puts->used &= puts->used - 1/puts->used = 0/
ppool_count_inline.h|gathered: the last one is not told|/^count_puts_end/,/^}/s/is_last |= count_put_away/count_put_away/
ppool_count_inline.h|cut twice|/^count_take_for/,/^}/{/o->next += n;/d}
ppool_count_inline.h|cut without end|/^count_take_for/,/^}/{/o->left -= n;/d}
ppool_age.c|the owner is not looked at again|s/if (at_load(&c->owner_of\[page\], relaxed) == slot)/if (slot != PPOOL_NONE)/
ppool_age.c|a page at home is taken for one that was given up|s/(c->flags\[page\] & COUNT_ABANDONED) != 0/c->flags[page] == 0/
ppool_age.c|a page given up stays on its list|/^count_age/,/^}/{/list_remove/d}
ppool_age.c|a page given up stays open|/^count_age/,/^}/s/page_retire(c, o);/;/
ppool_age.c|owners are not locked|/^page_lock/,/^}/{/at_lock_[a-z]*(&o->lock)/d};/^page_unlock/,/^}/s/at_lock_give(o != NULL ? &o->lock : &c->free_lock)/if (o == NULL) at_lock_give(\&c->free_lock)/
ppool_age.c|the free list is not locked|/^page_lock/,/^}/{/at_lock_take(&c->free_lock)/d};/^page_unlock/,/^}/s/at_lock_give(o != NULL ? &o->lock : &c->free_lock)/if (o != NULL) at_lock_give(\&o->lock)/
ppool_age.c|a dead owner keeps its page open|/^count_disown/,/^}/{/o->page = PPOOL_NONE;/d}
ppool_age.c|what a dead owner did not cut is lost|/^count_disown/,/^}/s/c->bias\[o->page\] += o->left;/;/
ppool_age.c|what a dead owner did not cut is cut|/^count_disown/,/^}/{/o->left = 0;/d}
ppool_age.c|the lists of a dead owner are believed|/^count_disown/,/^}/{/memset/d}
ppool_age.c|the pages of a dead owner stay its|/^count_disown/,/^}/s/count_page_abandon(c, page);/;/
ppool_drain.c|what is free is left there|/^range_mark/,/^}/s/if (is_between(page, first, nb))/if (0)/
ppool_drain.c|nothing is marked|/^range_mark/,/^}/s/c->flags\[page\] |= COUNT_DRAINED;/;/
ppool_drain.c|marked without the lock|/^count_drain/,/range_mark/{/at_lock_take/d};/range_mark(c, first, nb);/,/at_lock_give/{/at_lock_give/d}
ppool_drain.c|an open page is left there|/^owner_drain/,/^}/s/page_retire(c, o);/;/
ppool_drain.c|stragglers are left there|/^owner_drain/,/^}/{/list_drain(c, &o->fifo/d}
ppool_drain.c|owners are not locked|/^owner_drain/,/^}/{/at_lock_/d}
ppool_drain.c|away is taken for home|s/away += (c->flags\[page\] & COUNT_ASIDE) == 0;/;/
ppool_drain.c|undrained pages stay aside|/^count_undrain/,/^}/{/c->free_pages\[nb_free++\] = page;/d}
ppool_drain.c|undrained pages are drained again|/^count_undrain/,/^}/{/c->flags\[page\] &= COUNT_ABANDONED;/d}
ppool_drain.c|undrained pages forget that they were given up|s/c->flags\[page\] &= COUNT_ABANDONED;/c->flags[page] = 0;/
ppool_drain.c|undrain looks for no announcement|/^count_undrain/,/^}/{/count_wet(c)/d}
ppool_drain.c|undrained without the lock|/^count_undrain/,/^}/{/at_lock_/d}
ppool_bitmap.c|takes what was not there|/^\t\twant &= old;/d
ppool_bitmap.c|takes by load and store|s/old = at_fetch_and(&o->cur->freed, ~want, acquire);/old = at_load(\&o->cur->freed, acquire); at_store(\&o->cur->freed, old \& ~want, release);/
ppool_bitmap.c|gives by load and store|s/return at_fetch_or(&page->freed, bits, seq_cst) & bits;/uint64_t old = at_load(\&page->freed, acquire); at_store(\&page->freed, old | bits, seq_cst); return old \& bits;/
ppool_bitmap.c|a take that failed keeps what it got|/^take(/,/^}/{/give_back(b, to, got);/d}
ppool_bitmap.c|a last take that failed keeps what it got|/^take_last/,/^}/s/give_back(b, to, got);/;/
ppool_bitmap.c|a take of runs that failed keeps them|/^give_back/,/^}/{/bits_give(/d}
ppool_bitmap.c|a take of runs that failed looks for no announcement|/^give_back/,/^}/{/wet(b);/d}
ppool_bitmap.c|a run is listed twice|s/bits &= ~(bits_of_run(nb) << first);/bits \&= ~(UINT64_C(1) << first);/
ppool_bitmap.c|a run is given in part|/^bitmap_give_runs/,/^}/s/bits_of_run(runs\[i\].nb) << runs/bits_of_run(1) << runs/
ppool_bitmap.c|giving runs looks for no announcement|/^bitmap_give_runs/,/^}/{/wet(b);/d}
ppool_bitmap.c|a run is given to another page|/^bitmap_give_runs/,/^}/s/pages\[runs\[i\].page\]/pages[0]/
ppool_bitmap.c|the scan leaves a page out|s/i < b->nb_pages; i++/i + 1 < b->nb_pages; i++/
ppool_bitmap.c|a give looks for no announcement|/^give_some/,/^}/{/wet(b)/d}
ppool_bitmap.c|dry although something was given|s/at_cas(&b->dry, &suspect, BITMAP_DRY, seq_cst)/at_store(\&b->dry, BITMAP_DRY, seq_cst)/
ppool_bitmap.c|nothing is announced|/at_store(&b->dry, BITMAP_SUSPECT, seq_cst);/d;s/suspect = BITMAP_SUSPECT/suspect = BITMAP_WET/
ppool_bitmap.c|the last ones are searched without the lock|/^take_last/,/^}/{/at_lock_/d}
ppool_bitmap.c|whole pages are taken by a store|s/at_cas(&page->freed, &all, 0, acquire))/(at_store(\&page->freed, 0, relaxed), true))/
ppool_bitmap.c|whole pages are not given back|/^bitmap_take_pages/,/^}/{/for (uint32_t i = 0; i < got; i++)/,/bits_give/d}
ppool_bitmap.c|drained pages are taken whole|/^bitmap_take_pages/,/^}/{/is_drained/d}
ppool_bitmap.c|drained pages are opened|/^page_open/,/^}/s/at_load(&page->is_drained, relaxed) != 0, 0/0, 0/
ppool_bitmap.c|drained pages are found by a search|/^scan/,/^}/s/at_load(&page->is_drained, relaxed) == 0/1/
ppool_bitmap.c|the shared slot is not locked|/^owner_enter/,/^}/s/at_lock_take(&o->lock);/;/;/^owner_leave/,/^}/s/at_lock_give(&o->lock);/;/
ppool_bitmap_life.c|drain wipes out what was given|s/at_exchange(&page->freed, 0, acquire);/at_load(\&page->freed, acquire); at_store(\&page->freed, 0, relaxed);/
ppool_bitmap_life.c|drain forgets what was aside|s/now = was |/now =/
ppool_bitmap_life.c|away is taken for home|/^bitmap_drain/,/^}/s/away++;/;/
ppool_bitmap_life.c|drains without the lock|/^bitmap_drain/,/^}/{/at_lock_/d}
ppool_bitmap_life.c|undrains without the lock|/^bitmap_undrain/,/^}/{/at_lock_/d}
ppool_bitmap_life.c|undrain wipes out what was given|s/at_fetch_or(&page->freed, at_exchange/at_store(\&page->freed, at_exchange/
ppool_bitmap_life.c|undrain keeps what was aside|s/at_exchange(&page->aside, 0, relaxed)/at_load(\&page->aside, relaxed)/
ppool_bitmap_life.c|undrain leaves the pool dry|/^bitmap_undrain/,/^}/{/at_store(&b->dry/d}'

# file|part of the line that is broken|the order it becomes, or - for any|why no behaviour changes
equivalent='ppool_count_inline.h|at_store(&c->dry, COUNT_WET|-|the seq_cst load before it has placed the put among the announcements
ppool_count.c|at_store(&c->dry, COUNT_SUSPECT, seq_cst)|-|the fence behind it publishes it
ppool_count.c|at_cas(&c->dry|-|an RMW reads the newest value, whatever its order
ppool_count.c|at_fetch_sub(&c->refs[page].refs, share|acq_rel|a search finds it on the free list, where it looks once more behind all locks
ppool_count.c|at_fetch_sub(&c->refs[page].refs, share|acquire|its last user takes the lock of the free list, which is given behind it
ppool_count.c|abandon looks for no announcement|-|what it brings home could be had before, or was put by somebody who looks
ppool_count.c|who frees does not wait for the free list|-|whoever had it last has the lock of an owner, too
ppool_count.c|a page that comes home looks for no announcement|-|who sends it home looks once more, within the lock of an owner
ppool_count.c|undo takes what was not cut last for uncut|-|a take that is refused had taken all that was uncut, so its owner has cut no more
ppool_count.c|at_fetch_sub(&c->refs[run->page]|acq_rel|who searches is looked for within the lock, later
ppool_count.c|at_fetch_sub(&c->refs[run->page]|acquire|nothing was written to these fragments
ppool_bitmap.c|a take of runs that failed looks for no announcement|-|it searches once more itself, behind the lock that whoever is not served then holds
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
	for f in ppool/ppool_{count.c,count_inline.h,count_priv.h,age.c,drain.c,bitmap.c,bitmap_life.c} base/atomic.h; do
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
	case $1 in count) echo ppool_count ppool_count_check ppool_age ppool_drain ;; bitmap) echo ppool_bitmap ppool_bitmap_check ppool_bitmap_life ;; esac
}

build_core() { # NAME PATH: what depends on PATH anew, the rest as it was
	local f objs=()
	for f in $(sources "$1"); do
		case $2 in
		*.h | ppool/$f.c) $cc $flags -fsanitize=thread -c "$work/lib/ppool/$f.c" -o "$work/new_$f.o" || return ;;
		*) cp "$work/core_$f.o" "$work/new_$f.o" ;;
		esac
		objs+=("$work/new_$f.o")
	done
	$cc "$work/model_ppool_$1.o" "${objs[@]}" "$work"/model*.lib.o -o "$work/run_$1"
}

is_red() { # PATH: does a model fail?
	local name names
	case $1 in *count* | *age* | *drain*) names=count ;; *bitmap*) names=bitmap ;; *) names='bitmap count' ;; esac
	for name in $names; do
		build_core "$name" "$1" >"$work/log" 2>&1 || {
			echo "does not compile:" && cat "$work/log"
			exit 2
		}
		timeout 120 "$work/run_$name" 2>&1 | sed '/^FAIL/q' >"$work/log" || return 0 # goes on no further than that
	done
	return 1
}

for f in model model_memory model_data; do $cc $flags -c "$work/model/$f.c" -o "$work/$f.lib.o" || exit 2; done
for f in count bitmap; do
	$cc $flags -c "$work/model/model_ppool_$f.c" -o "$work/model_ppool_$f.o" || exit 2
	if is_red "ppool/$f.h"; then
		echo "model_ppool_$f is red before anything is broken"
		exit 2
	fi
	for s in $(sources "$f"); do mv "$work/new_$s.o" "$work/core_$s.o"; done
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
