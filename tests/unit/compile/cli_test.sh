#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The tool as a person meets it: exit statuses, where words go, and that they
# are a single line when something is wrong. No device is needed.
set -uo pipefail

top=@TOP@
lutna=@LUTNA@
. "$top/tests/runner/tap.sh"

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
zoo=$top/tools/zoo/vgg11-fmnist.onnx
images=/usr/share/datasets/fashion-mnist/t10k-images-idx3-ubyte.gz
labels=/usr/share/datasets/fashion-mnist/t10k-labels-idx1-ubyte.gz

# try STATUS COMMAND... - what it said is in $dir/out and $dir/err
try() {
	local wanted=$1 status=0
	shift
	"$@" >"$dir/out" 2>"$dir/err" || status=$?
	[ "$status" = "$wanted" ] || echo "status $status, not $wanted: $*"
}

# refused STATUS WORDS COMMAND... - one line on stderr that holds WORDS
refused() {
	local wanted=$1 words=$2
	shift 2
	try "$wanted" "$@"
	[ ! -s "$dir/out" ] || echo "standard output: $(head -n 3 "$dir/out")"
	[ "$(wc -l <"$dir/err")" = 1 ] || echo "not one line: $(cat "$dir/err")"
	grep -qF -- "$words" "$dir/err" || echo "says: $(cat "$dir/err")"
}

json() {
	python3 -m json.tool "$dir/out" >/dev/null 2>"$dir/json" || cat "$dir/json"
}

# Numbers of JSON that must be as they are: get 'd["a"]' VALUE
get() {
	python3 -c 'import json, sys
d = json.load(open(sys.argv[1]))
v = eval(sys.argv[2])
sys.exit(None if str(v) == sys.argv[3] else f"{sys.argv[2]} is {v}")' "$dir/out" "$1" "$2" 2>&1
}

result "--help" "$(try 0 "$lutna" --help; [ -s "$dir/out" ] || echo silent)"
result "--version" "$(try 0 "$lutna" --version; grep -q '^lutna [0-9]' "$dir/out" || cat "$dir/out")"
result "no command" "$(try 2 "$lutna"; [ ! -s "$dir/out" ] || echo "on standard output")"
result "an unknown command" "$(try 2 "$lutna" fly; grep -q "no command 'fly'" "$dir/err" || cat "$dir/err")"
# Those that there are, by the tool's own word; one that goes missing shows, too.
mapfile -t commands < <("$lutna" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p')
result "the commands are known" "$(diff <(printf '%s\n' info compile run show tune bench cost) \
	<(printf '%s\n' "${commands[@]}"))"
for command in "${commands[@]}"; do
	result "$command --help" "$(try 0 "$lutna" "$command" --help
		grep -q "^Usage: lutna $command" "$dir/out" || echo "no usage")"
	result "$command: an unknown option" "$(try 2 "$lutna" "$command" --what
		[ ! -s "$dir/out" ] || echo "on standard output")"
	# Each option of the help is in the manual, and the other way round.
	"$lutna" "$command" --help | grep -oE -- '^ +(-[a-z], )?--[a-z-]+' | grep -oE -- '--[a-z-]+' |
		sort -u >"$dir/help"
	grep -E '^\.(BI|BR|RB|B) ' "$top/tools/man/lutna-$command.1" | sed 's/\\-/-/g' |
		grep -oE -- '--[a-z-]+' | sort -u >"$dir/man"
	result "$command: the manual has its options" "$(diff "$dir/help" "$dir/man")"
done
result "compile: too few arguments" "$(try 2 "$lutna" compile)"
result "compile: a batch of 0" "$(try 2 "$lutna" compile --batch 0 x.onnx)"
result "compile: a batch that is no number" "$(try 2 "$lutna" compile --batch 5x x.onnx)"
result "compile: a choice that is none" "$(try 2 "$lutna" compile --weights soft x.onnx)"
result "compile: bits out of range" "$(try 2 "$lutna" compile --act-bits 9 x.onnx
	try 2 "$lutna" compile --weight-bits 1 x.onnx)"
result "compile: an approximation that is none" "$(try 2 "$lutna" compile --approx drop4 x.onnx
	grep -q "drop4" "$dir/err" || cat "$dir/err")"
result "compile: more digits than there are" \
	"$(refused 2 "too few digits" "$lutna" compile --act-bits 4 --approx drop2 x.onnx)"
result "compile: a file and options" \
	"$(refused 2 "--precision excludes" "$lutna" compile --precision p --act-bits 4 x.onnx)"
result "run: digits of a multiplier" \
	"$(refused 2 "dnc and lutna have digits" "$lutna" run --unit array --digits 2 a b)"
result "run: an approximate multiplier" \
	"$(refused 2 "can be approximate" "$lutna" run --unit dadda --approx w1 a b)"
result "run: an approximation that is none" \
	"$(refused 2 "--approx: must be" "$lutna" run --approx drop1+bias a b)"
result "tune: a subset that is none" \
	"$(for words in "" "# none" 60000 -1 x "5 5" 99999999999999999999999; do
		echo "$words" >"$dir/subset"
		refused 1 "$dir/subset: " "$lutna" tune --subset "$dir/subset" "$zoo"
	done
	refused 1 "No such file" "$lutna" tune --subset "$dir/missing" "$zoo")"
result "tune: a number of images that is none" "$(try 2 "$lutna" tune --held-out 0 x.onnx)"
result "run: a number that wraps" "$(try 2 "$lutna" run --count 18446744073709551617 a b)"
result "run: --verify and --expect" "$(try 2 "$lutna" run --verify --expect x a b)"

result "info sim" "$(try 0 "$lutna" info sim; grep -q simulator "$dir/out" || cat "$dir/out")"
result "info sim --json" "$(try 0 "$lutna" info sim --json; json
	get 'd["devices"][0]["simulator"]' True)"
result "info of no device" "$(try 1 "$lutna" info lutna99
	grep -q 'lutna99: cannot be used' "$dir/out" || cat "$dir/out")"
result "bench on the simulator" "$(try 0 "$lutna" bench --device sim --count 300 --json; json
	get 'd["empty_job"]["samples"]' 300)"

printf 'not a model' >"$dir/bad.onnx"
head -c 20000 "$zoo" >"$dir/cut.onnx"
result "compile: a file that is not there" \
	"$(refused 1 "$dir/none.onnx: cannot be opened" "$lutna" compile "$dir/none.onnx")"
result "compile: a file that is no model" \
	"$(refused 1 "$dir/bad.onnx: not an ONNX model" "$lutna" compile "$dir/bad.onnx")"
result "compile: a file that is cut short" \
	"$(refused 1 "$dir/cut.onnx: not an ONNX model" "$lutna" compile "$dir/cut.onnx")"
result "compile: nothing is left behind" "$(find "$dir" -name "*lutna*")"
result "compile: a place that cannot be written" \
	"$(refused 1 "$dir/no/x.lutna: cannot be written" "$lutna" compile -o "$dir/no/x.lutna" "$zoo")"
result "compile" "$(try 0 "$lutna" compile --batch 8 -o "$dir/m.lutna" "$zoo"; cat "$dir/err")"
result "compile --json" "$(try 0 "$lutna" compile --json --batch 3 --weights compressed \
	--name net -o "$dir/m3.lutna" "$zoo"; json; get 'd["model"]["batch"]' 3; get 'd["model"]["name"]' net)"
result "compile --dump" "$(try 0 "$lutna" compile --dump --batch 8 -o "$dir/m.lutna" "$zoo"
	[ "$(wc -l <"$dir/err")" = 14 ] || cat "$dir/err")"

result "compile --precision: a file that is not there" \
	"$(refused 1 "$dir/none: cannot be opened" "$lutna" compile --precision "$dir/none" "$zoo")"
result "compile --precision: a line that is wrong" "$(printf 'conv1 8 9 exact\nconv2 8 exact\n' >"$dir/bad.p"
	refused 1 "bad.p: line 2" "$lutna" compile --precision "$dir/bad.p" "$zoo")"
result "compile --precision: a layer that is none" "$(printf 'conv99 8 9 exact\n' >"$dir/bad.p"
	refused 1 "'conv99', which is none" "$lutna" compile --precision "$dir/bad.p" "$zoo")"
result "compile --precision" "$(printf '* 8 9 exact\nconv2 5 4 exact\nfc 8 9 w1+bias\n' >"$dir/good.p"
	try 0 "$lutna" compile --dump --precision "$dir/good.p" -o "$dir/p.lutna" "$zoo"
	grep -q 'conv2: .* bits 4 act 5 exact$' "$dir/err" || grep conv2 "$dir/err"
	grep -q 'fc: .* bits 9 act 8 w1+bias$' "$dir/err" || grep fc "$dir/err")"
result "compile --act-bits --weight-bits --approx" "$(try 0 "$lutna" compile --dump --act-bits 6 \
	--weight-bits 5 --approx drop1 -o "$dir/p.lutna" "$zoo"
	[ "$(grep -c 'bits 5 act 6 drop1$' "$dir/err")" = 9 ] || cat "$dir/err")"

head -c 3000 "$dir/m.lutna" >"$dir/cut.lutna"
result "run: a container that is cut short" \
	"$(refused 1 cut.lutna "$lutna" run --device sim "$dir/cut.lutna" "$dir/bad.onnx")"
result "run: images that are no IDX file" \
	"$(refused 1 "bad.onnx: not an IDX file" "$lutna" run --device sim "$dir/m.lutna" "$dir/bad.onnx")"
result "run: no such device" \
	"$(printf '\0\0\010\003\0\0\0\001\0\0\0\034\0\0\0\034' >"$dir/one.idx"
	head -c 784 /dev/zero >>"$dir/one.idx"
	refused 1 lutna99 "$lutna" run --device lutna99 "$dir/m.lutna" "$dir/one.idx")"
result "run: one black image" "$(try 0 "$lutna" run --device sim --json "$dir/m.lutna" "$dir/one.idx"
	json; get 'd["images"]' 1)"
result "run: images that are cut short" \
	"$(head -c 700 "$dir/one.idx" >"$dir/short.idx"
	refused 1 "short.idx: cut short" "$lutna" run --device sim "$dir/m.lutna" "$dir/short.idx")"
result "run: a header that promises everything" \
	"$(printf '\0\0\010\003\0\377\377\377\0\0\0\034\0\0\0\034' >"$dir/vast.idx"
	refused 1 "vast.idx: cut short" "$lutna" run --device sim "$dir/m.lutna" "$dir/vast.idx")"
result "run: images of another size" \
	"$(printf '\0\0\010\003\0\0\0\001\0\0\0\034\0\0\0\033' >"$dir/size.idx"
	head -c 756 /dev/zero >>"$dir/size.idx"
	refused 1 "size.idx: images of 28x27, but $dir/m.lutna takes 1x28x28" \
		"$lutna" run --device sim "$dir/m.lutna" "$dir/size.idx")"
result "run: no labels for some images" \
	"$(printf '\0\0\010\001\0\0\0\001\003' >"$dir/label.idx"
	{ printf '\0\0\010\003\0\0\0\002\0\0\0\034\0\0\0\034'; head -c 1568 /dev/zero; } >"$dir/two.idx"
	refused 1 "1 labels for 2 images" "$lutna" run --device sim --labels "$dir/label.idx" \
		"$dir/m.lutna" "$dir/two.idx")"

if [ ! -e "$images" ]; then
	echo "ok $((count += 1)) # SKIP no data set at $images"
	finish
fi
run=("$lutna" run --device sim --count 30 --labels "$labels" --show 0)
result "run --verify" "$(try 0 "${run[@]}" --verify --json "$dir/m.lutna" "$images"; json
	get 'd["verification"]["equal"]' True; get 'd["images"]' 30)"
result "run --save-outputs" "$(try 0 "${run[@]}" --save-outputs "$dir/o" "$dir/m.lutna" "$images"
	[ "$(stat -c %s "$dir/o")" = 1200 ] || ls -l "$dir")"
result "run --expect" "$(try 0 "${run[@]}" --expect "$dir/o" "$dir/m.lutna" "$images"
	grep -q '^verified' "$dir/out" || cat "$dir/out")"
result "run --expect: of another batch size" \
	"$(try 0 "${run[@]}" --expect "$dir/o" "$dir/m3.lutna" "$images")"
result "run --expect: one bit is another" \
	"$(printf '\001' | dd of="$dir/o" bs=1 seek=1000 conv=notrunc 2>/dev/null
	try 1 "${run[@]}" --expect "$dir/o" "$dir/m.lutna" "$images"
	grep -q '^NOT verified .*output 0 of image 25' "$dir/out" || cat "$dir/out"
	grep -q '1 outputs differ' "$dir/err" || cat "$dir/err")"
result "run --expect: a file of another size" \
	"$(head -c 100 "$dir/o" >"$dir/o2"
	try 1 "${run[@]}" --expect "$dir/o2" "$dir/m.lutna" "$images"
	grep -q 'does not hold outputs' "$dir/err" || cat "$dir/err")"
result "run --save-outputs: a place that cannot be written" \
	"$(try 1 "${run[@]}" --save-outputs "$dir/no/o" "$dir/m.lutna" "$images"
	grep -qF "$dir/no/o" "$dir/err" || cat "$dir/err")"
result "run --digits: the same outputs, other energy" \
	"$("${run[@]}" --save-outputs "$dir/o" --json "$dir/m.lutna" "$images" >"$dir/two"
	for digits in 1 2 4; do
		try 0 "${run[@]}" --unit lutna --digits $digits --expect "$dir/o" --json "$dir/m.lutna" "$images"
		python3 - "$dir/two" "$dir/out" $digits <<-'END'
		import json, sys
		two, own = (json.load(open(p))["per_image"]["energy"] for p in sys.argv[1:3])
		same = {u for u in two if two[u] == own[u]}
		wanted = set(two) if sys.argv[3] == "2" else set(two) - {"lutna", "dnc"}
		if same != wanted:
		    print(f"digits of {sys.argv[3]} bits: the same energy on {same}, not {wanted}")
		END
	done)"
result "run --json: the arithmetic that was asked for" \
	"$(try 0 "${run[@]}" --json "$dir/m.lutna" "$images"
	get '[d[k] for k in ("unit", "digits", "approx")]' "['lutna', 2, 'as compiled']"
	try 0 "${run[@]}" --unit dnc --digits 4 --approx w1 --json "$dir/m.lutna" "$images"
	get '[d[k] for k in ("unit", "digits", "approx")]' "['dnc', 4, 'w1']"
	try 0 "${run[@]}" --unit array --json "$dir/m.lutna" "$images"
	get '[d["unit"], "digits" in d]' "['array', False]")"
result "run --unit: of exact units the same outputs" \
	"$(for unit in lut dnc lutna array wallace dadda; do
		try 0 "${run[@]}" --unit $unit --expect "$dir/o" "$dir/m.lutna" "$images"
	done)"
result "run --approx: as compiled so, fast and literal" \
	"$(for approx in drop1 w1 drop2 w2 drop3 w3; do
		try 0 "$lutna" compile --approx $approx -o "$dir/p.lutna" "$zoo"
		try 0 "${run[@]}" --save-outputs "$dir/a" "$dir/p.lutna" "$images"
		try 0 "${run[@]}" --approx $approx --expect "$dir/a" "$dir/m.lutna" "$images"
		try 0 "${run[@]}" --approx $approx --verify "$dir/m.lutna" "$images"
		try 0 "${run[@]}" --approx exact --expect "$dir/o" "$dir/p.lutna" "$images"
		! cmp -s "$dir/a" "$dir/o" || echo "$approx is exact"
	done)"
result "run --approx: too few digits" \
	"$(try 0 "$lutna" compile --act-bits 4 -o "$dir/p.lutna" "$zoo"
	refused 1 "layer conv1 has activations of 4 bits" "${run[@]}" --approx drop2 "$dir/p.lutna" "$images")"
result "compile --until: what a layer puts out" \
	"$(try 0 "$lutna" compile --json --until conv1.q -o "$dir/p.lutna" "$zoo"
	cp "$dir/out" "$dir/until"
	try 0 "${run[@]}" --count 2 --save-outputs "$dir/a" "$dir/p.lutna" "$images"
	[ "$(stat -c %s "$dir/a")" = $((2 * 16 * 32 * 32)) ] || ls -l "$dir/a"
	grep -q '"name":"conv1.q"' "$dir/until" || cat "$dir/until"
	! grep -q conv2 "$dir/until" || echo "conv2 is there")"
result "compile --until: a tensor that no node gives" \
	"$(refused 1 "tensor 'image': the network cannot end there" \
		"$lutna" compile --until image -o "$dir/p.lutna" "$zoo"
	refused 1 "tensor 'no': the network cannot end there" \
		"$lutna" compile --until no -o "$dir/p.lutna" "$zoo")"
result "run --show draws no colours into a file" \
	"$(try 0 "$lutna" run --device sim --count 2 --show 2 "$dir/m.lutna" "$images"
	! grep -q "$(printf '\033')" "$dir/out" || echo colours
	grep -q 'true: Ankle boot' "$dir/out" || cat "$dir/out")"
result "run --color always" \
	"$(try 0 "$lutna" run --device sim --count 2 --color always "$dir/m.lutna" "$images"
	grep -q "$(printf '\033')" "$dir/out" || echo "no colours")"
result "run: output that cannot be written" \
	"$(try 1 sh -c '"$@" >/dev/full' sh "${run[@]}" "$dir/m.lutna" "$images"
	grep -q 'standard output' "$dir/err" || cat "$dir/err")"
finish
