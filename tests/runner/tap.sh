# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# For tests that are shell scripts: TAP out, one result for each thing.

set -uo pipefail
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cd "$top" || exit 1
count=0

# result NAME [COMPLAINT] - ok when there is no complaint
result() {
	count=$((count + 1))
	if [ -z "${2-}" ]; then
		echo "ok $count $1"
	else
		echo "not ok $count $1"
		printf '%s\n' "$2" | sed 's/^/# /'
	fi
}

# tracked PATTERN... - files of the project, new ones included ('*': all)
tracked() {
	git ls-files --cached --others --exclude-standard -- "$@" | LC_ALL=C sort -u |
		while IFS= read -r file; do
			[ ! -f "$file" ] || printf '%s\n' "$file"
		done
}

finish() {
	echo "1..$count"
	exit 0
}

echo "TAP version 13"
