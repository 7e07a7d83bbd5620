# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What the build scripts of this folder share: where downloads and slow builds
# are kept, and how a step speaks to a person. Sourced, never run.

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck disable=SC2034
build=$top/build
cache=${LUTNA_CACHE:-${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/lutna}

say() {
	printf '%s: %s\n' "${0##*/}" "$*" >&2
}

# No command may fail without a word. BASH_COMMAND is what failed.
set -E
trap 'say "line $LINENO: failed: ${BASH_COMMAND%%$'"'\\n'"'*}"' ERR

die() {
	say "$*"
	exit 1
}

# run_logged LOG COMMAND... - quiet unless it fails, then the end of its words
run_logged() {
	local log=$1 status=0
	shift
	"$@" >"$log" 2>&1 || status=$?
	if [ "$status" != 0 ]; then
		say "failed ($status): $*"
		say "the end of $log:"
		tail -n 40 "$log" >&2
	fi
	return "$status"
}

# cache_entry KIND KEY MAKE - path of a finished cache entry, in $entry
#
# When there is none, MAKE DIR fills a directory that becomes the entry by one
# rename, so that a stopped build leaves nothing that looks finished. (No
# `|| exit` behind the subshell: it would switch `set -e` off inside.)
cache_entry() {
	local kind=$1 key=$2 make=$3 tmp
	entry=$cache/$kind/$key
	if [ ! -d "$entry" ]; then
		mkdir -p "$cache/$kind"
		(
			flock 9
			[ ! -d "$entry" ] || exit 0
			# Under the lock these can only be of somebody who was killed.
			rm -rf "$cache/$kind"/.new.*
			tmp=$(mktemp -d "$cache/$kind/.new.XXXXXX")
			trap 'rm -rf "$tmp"' EXIT
			"$make" "$tmp"
			chmod 755 "$tmp"
			mv -T "$tmp" "$entry"
		) 9>"$cache/$kind/.lock"
	fi
	touch "$entry"
	cache_prune "$cache/$kind"
}

# cache_prune DIR - keep the two entries that were used last
cache_prune() {
	local old
	while IFS= read -r old; do
		rm -rf "$old"
	done < <(find "$1" -mindepth 1 -maxdepth 1 -type d ! -name '.*' \
			-printf '%T@ %p\n' | sort -rn | tail -n +3 | cut -d' ' -f2-)
}

# fetch_debs DIR PACKAGE... - download packages without installing them
fetch_debs() {
	local dir=$1
	shift
	(
		cd "$dir" || exit
		# As root apt would drop its rights and then not be able to write here.
		set -- apt-get -q -o APT::Sandbox::User="$(id -un)" download "$@"
		run_logged download.log "$@"
	)
}
