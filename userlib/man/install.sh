#!/bin/sh
# SPDX-License-Identifier: MIT
#
# install.sh SOURCE TARGET: man pages, and a link for each name that a page's
# NAME section has beside its own.
set -eu

source=$1
target=$2

# Names before the dash in NAME, which are on lines of their own: ".Nm x ,"
names()
{
	awk '/^\.Sh / { inside = $3 == "" && $2 == "NAME" } inside && $1 == ".Nm" { print $2 }' "$1"
}

for page in "$source"/*.[0-9]; do
	[ -e "$page" ] || continue
	file=${page##*/}
	section=${file##*.}
	dir=$target/man$section
	install -d "$dir"
	install -m 644 "$page" "$dir/$file"
	for name in $(names "$page"); do
		[ "$name.$section" = "$file" ] ||
			printf '.so man%s/%s\n' "$section" "$file" > "$dir/$name.$section"
	done
done
