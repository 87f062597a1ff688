# SPDX-License-Identifier: BSD-3-Clause
# Memory orders and their tags, in the files given; prints what is wrong, for check-sources.sh.
#
# An order that is not relaxed has a tag in a comment on its line or at most 8 lines above: [NAME-A] for an acquire,
# [NAME-R] for a release, either for what is both. Each NAME-A has a NAME-R in a comment of the same directory, and the
# other way round; where the partner is not ours (a device, a driver), the comment that names it says so.

FNR == 1 {
	in_comment = 0
	delete seen_a
	delete seen_r
	dir = FILENAME
	sub(/\/[^\/]*$/, "", dir)
}

{
	split_line($0)
	tags_collect(comment)
	if (FILENAME == "lib/base/atomic.h") # the shim itself names all orders; its users say which and why
		gsub(/memory_order_[a-z_#]+/, "", code)
	has_acquire = code ~ /memory_order_acquire|__ATOMIC_ACQUIRE|[ ,\t]acquire\)/
	has_release = code ~ /memory_order_release|__ATOMIC_RELEASE|[ ,\t]release\)/
	has_both = code ~ /memory_order_(acq_rel|seq_cst)|__ATOMIC_(ACQ_REL|SEQ_CST)|[ ,\t](acq_rel|seq_cst)\)|_seq_cst\(\)/ || has_acquire && has_release
	if (has_both && !is_near(seen_a) && !is_near(seen_r))
		print FILENAME ":" FNR ": a memory order without its tag [NAME-A] or [NAME-R]"
	else if (!has_both && has_acquire && !is_near(seen_a))
		print FILENAME ":" FNR ": an acquire without its tag [NAME-A]"
	else if (!has_both && has_release && !is_near(seen_r))
		print FILENAME ":" FNR ": a release without its tag [NAME-R]"
}

END {
	for (key in first) {
		split(key, part, SUBSEP)
		other = part[3] == "A" ? "R" : "A"
		if (!((part[1], part[2], other) in first))
			print first[key] ": [" part[2] "-" part[3] "] has no [" part[2] "-" other "] in " part[1]
	}
}

# The line's `code` and `comment`.
function split_line(line,    at) {
	code = comment = ""
	while (line != "") {
		if (in_comment) {
			at = index(line, "*/")
			comment = comment " " (at ? substr(line, 1, at - 1) : line)
			line = at ? substr(line, at + 2) : ""
			in_comment = !at
		} else if (match(line, /\/[*\/]/)) {
			code = code substr(line, 1, RSTART - 1)
			in_comment = substr(line, RSTART, 2) == "/*"
			line = substr(line, RSTART + 2)
			if (!in_comment) {
				comment = comment " " line
				line = ""
			}
		} else {
			code = code line
			line = ""
		}
	}
}

function tags_collect(text,    tag, name, side) {
	while (match(text, /\[[A-Z][A-Z0-9_]*-[AR]\]/)) {
		tag = substr(text, RSTART + 1, RLENGTH - 2)
		text = substr(text, RSTART + RLENGTH)
		name = substr(tag, 1, length(tag) - 2)
		side = substr(tag, length(tag))
		if (!((dir, name, side) in first))
			first[dir, name, side] = FILENAME ":" FNR
		if (side == "A")
			seen_a[FNR] = 1
		else
			seen_r[FNR] = 1
	}
}

function is_near(seen,    i) {
	for (i = FNR - 8; i <= FNR; i++)
		if (i in seen)
			return 1
	return 0
}
