#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# lutna cost as a person, and as a program, meets it.
set -uo pipefail

top=@TOP@
bin=@BIN@
lutna=$bin/lutna-cost
. "$top/tests/runner/tap.sh"

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

# try STATUS COMMAND... - what it said is in $dir/out and $dir/err
try() {
	local wanted=$1 status=0
	shift
	"$@" >"$dir/out" 2>"$dir/err" || status=$?
	[ "$status" = "$wanted" ] || echo "status $status, not $wanted: $* $(head -n 3 "$dir/err")"
}

# refused STATUS WORDS OPTION... - one line on stderr that holds WORDS, no output
refused() {
	local wanted=$1 words=$2
	shift 2
	try "$wanted" "$lutna" cost "$@"
	[ ! -s "$dir/out" ] || echo "standard output: $(head -n 3 "$dir/out")"
	[ "$(wc -l <"$dir/err")" = 1 ] || echo "not one line: $(cat "$dir/err")"
	grep -qF -- "$words" "$dir/err" || echo "says: $(cat "$dir/err")"
}

# check STATEMENTS [FILE] - Python that knows the units of JSON as "all", and
# which() that finds those with the given values
check() {
	python3 -c 'import json, sys
all = json.load(open(sys.argv[1]))
def which(**wanted):
    return [o for o in all if all_of(o, wanted)]
def all_of(o, wanted):
    return not [k for k in wanted if o[k] != wanted[k]]
def equal(got, wanted):
    if got != wanted: print(f"{got}, not {wanted}")
exec(sys.argv[2])' "${2:-$dir/out}" "$1" 2>&1
}

# json CHECK OPTION... - run with these options, then check
json() {
	local statements=$1
	shift
	try 0 "$lutna" cost --json "$@"
	[ ! -s "$dir/err" ] || cat "$dir/err"
	check "$statements"
}

sweep=$dir/sweep
result "everything as JSON" "$(json '
equal({(o["act_bits"], o["weight_bits"]) for o in all},
      {(a, w) for a in range(2, 9) for w in range(3, 10)})
equal({o["unit"] for o in all}, {"lut", "dnc", "lutna", "array", "wallace", "dadda"})
equal({o["digit_bits"] for o in which(unit="lutna")}, {1, 2, 4})
equal({o["digit_bits"] for o in which(unit="array")}, {0})
equal({o["approx"] for o in which(unit="lutna", act_bits=8)},
      {"exact", "drop1", "drop2", "drop3", "w1", "w2", "w3"})
equal({o["approx"] for o in which(unit="lutna", act_bits=3)}, {"exact", "drop1", "w1"})
equal({o["signed"] for o in all}, {True, False})
equal({o["read"] for o in which(unit="lut")}, {"low", "high", "rows"})'
	cp "$dir/out" "$sweep")"
result "an object has these keys" "$(check '
types = {"unit": str, "digit_bits": int, "approx": str, "signed": bool, "act_bits": int,
	 "weight_bits": int, "sram": int, "mux": int, "gates": int, "half_adders": int,
	 "full_adders": int, "transistors": int, "depth": int, "energy": dict,
	 "energy_settled": dict, "energy_changing": dict}
for o in all:
    equal(set(o), set(types) | {"read", "join", "tables"})
    equal({k: type(o[k]) for k in types}, types)
    for k in "energy", "energy_settled", "energy_changing":
        equal(set(o[k]), {"uniform", "relu"})
        equal([type(v) for v in o[k].values()], [float, float])
    digits = o["unit"] in ("dnc", "lutna")
    equal((o["read"] is None, o["join"] is None, o["tables"] is None),
          (o["unit"] != "lut", not digits, not digits))' "$sweep")"
result "no unit is there twice, and the usual one stands first" "$(check '
first = {}
seen = set()
for o in all:
    key = tuple(o[k] for k in ("unit", "digit_bits", "approx", "signed", "act_bits",
                               "weight_bits", "read", "join", "tables"))
    if key in seen: print("twice:", key)
    seen.add(key)
    first.setdefault((o["unit"], o["signed"], o["act_bits"], o["weight_bits"]), o)
for o in first.values():
    equal((o["approx"], o["digit_bits"] in (0, 2), o["read"] in (None, "low"),
           o["join"] in (None, "chain"), o["tables"] in (None, "shared")),
          ("exact", True, True, True, True))' "$sweep")"
result "values are those of the API" "$(check '
import subprocess
units = ["lut", "dnc", "lutna", "array", "wallace", "dadda"]
def line(o):
    approx = 0 if o["approx"] == "exact" else 1 if o["approx"][0] == "d" else 2
    return [units.index(o["unit"]), o["digit_bits"], approx, approx and int(o["approx"][-1]),
            int(o["signed"]), o["act_bits"], o["weight_bits"], int(o["read"] == "high"),
            int(o["join"] == "tree"), int(o["tables"] == "private"), int(o["read"] == "rows")]
text = "\n".join(" ".join(map(str, line(o))) for o in all)
said = subprocess.run(["'"$bin"'/cost-api"], input=text, capture_output=True, text=True,
                      check=True).stdout.split("\n")[:-1]
equal(len(said), len(all))
wrong = 0
for o, one in zip(all, said):
    got = [o[k] for k in ("sram", "mux", "gates", "half_adders", "full_adders", "transistors",
                          "depth")]
    for k in "energy", "energy_settled", "energy_changing":
        got += [o[k]["uniform"], o[k]["relu"]]
    if got != [float(v) for v in one.split()]:
        wrong += 1
        if wrong < 4: print(o, one)
equal(wrong, 0)' "$sweep")"
result "figures that are published or derived by hand" "$(check '
def figures(**wanted):
    o = which(**wanted)[0]
    return [o[k] for k in ("sram", "mux", "half_adders", "full_adders", "transistors", "depth")]
small = {"act_bits": 4, "weight_bits": 4, "signed": False}
large = {"act_bits": 8, "weight_bits": 9, "signed": True}
equal(figures(unit="lut", **small), [128, 120, 0, 0, 1488, 4])
equal(figures(unit="lutna", **small), [10, 36, 3, 3, 402, 8])
equal(figures(unit="array", **small), [4, 0, 4, 8, 400, 10])
equal(figures(unit="lut", **large), [4352, 4335, 0, 0, 52122, 8])
equal(figures(unit="lut", read="rows", **large), [4352, 0, 0, 0, 27952, 5])
equal(figures(unit="dnc", **large), [44, 132, 3, 30, 1938, 22])
equal(figures(unit="lutna", **large), [20, 132, 3, 30, 1794, 22])
equal(figures(unit="lutna", approx="drop1", **large), [20, 99, 2, 20, 1302, 18])
equal(figures(unit="lutna", join="tree", **large), [20, 132, 3, 32, 1850, 20])
equal(figures(unit="dadda", **large), [9, 0, 10, 55, 2150, 19])' "$sweep")"
again=("$lutna" cost --json -w 9)
result "the same again, byte for byte" "$(try 0 "${again[@]}"; cp "$dir/out" "$dir/first"
	try 0 "${again[@]}"; cmp "$dir/out" "$dir/first")"
result "on one processor as well" "$(try 0 taskset -c 0 "${again[@]}"
	cmp "$dir/out" "$dir/first")"

result "filters combine" "$(json '
equal(len(all), 2 * 3)
equal({(o["unit"], o["digit_bits"], o["approx"], o["join"], o["tables"], o["signed"])
       for o in all}, {("lutna", 4, "w1", "chain", "shared", False),
       ("lutna", 4, "w1", "tree", "shared", False), ("lutna", 4, "w1", "chain", "private", False)})
equal({(o["act_bits"], o["weight_bits"]) for o in all}, {(7, 5), (8, 5)})' \
	--unit lutna --digits 4 --approx w1 --act-bits 7-8 --weight-bits 5 --unsigned)"
result "one unit" "$(json 'equal([(o["unit"], o["tables"], o["digit_bits"]) for o in all],
      [("dnc", "private", 1)])' dnc -d 1 -a 6 -w 3 --tables private)"
result "one width: weights of all, in two's complement" "$(json '
equal({(o["act_bits"], o["weight_bits"], o["signed"]) for o in all},
      {(8, w, True) for w in range(3, 10)})' array --act-bits 8)"
result "exact: multipliers are" "$(json '
equal({o["unit"] for o in all}, {"lut", "dnc", "lutna", "array", "wallace", "dadda"})
equal({o["approx"] for o in all}, {"exact"})' --approx exact -a 2 -w 3)"
result "of a table: the bit at the leaves" "$(json '
equal([(o["unit"], o["read"]) for o in all], [("lut", "high")])' --read high -a 5 -w 5)"

result "a table for a person" "$(try 0 "$lutna" cost
	for line in '8b x 9b, two.s complement' '4b x 4b, unsigned' \
		'^lut  .* 52122 .* 29\.05 *29\.54$' '^array .* 2150 .* 1\.20 *1\.23$' \
		'^lut  .* 1488 .* 3\.70 *3\.7$' '^lut  .* 13\.76 .* 3\.34$' \
		'^array .* 1\.74 .* 1\.80$' '^lutna d=2 w3 ' '^lutna d=4 ' 'Nothing is scaled'; do
		grep -qE "$line" "$dir/out" || echo "no line like: $line"
	done
	[ ! -s "$dir/err" ] || cat "$dir/err")"
printf '\0\0\010\003\0\0\0\003\0\0\0\034\0\0\0\034' >"$dir/head"
python3 -c 'import sys; sys.stdout.buffer.write(bytes(i * i * 7 // 3 % 256 for i in range(28 * 28 * 3)))' \
	>"$dir/raw"
result "no line is wider than 100 or ends in a blank" "$(
	try 0 "$lutna" cost --activations "$dir/raw"
	awk 'length > 100 || / $/' "$dir/out")"
result "all widths as a table" "$(try 0 "$lutna" cost --all --unit wallace
	[ "$(grep -c '^wallace' "$dir/out")" = $((2 * 2 * 49)) ] || grep -c '^wallace' "$dir/out")"

result "activations of a file" "$(json '
equal({tuple(sorted(o[k])) for o in all for k in o if k.startswith("energy")},
      {("file", "relu", "uniform")})
for o in all:
    if not 0 < o["energy"]["file"]: print(o)
    o["energy"].pop("file"), o["energy_settled"].pop("file"), o["energy_changing"].pop("file")
without = json.load(open("'"$sweep"'"))
equal(all, [o for o in without if o["act_bits"] == o["weight_bits"] == 4 and not o["signed"]])' \
	-a 4 -w 4 --unsigned --activations "$dir/raw"; cp "$dir/out" "$dir/wanted")"
cat "$dir/head" "$dir/raw" >"$dir/idx"
gzip -c "$dir/idx" >"$dir/idx.gz"
for file in idx idx.gz; do
	result "the same from an $file" "$(
		try 0 "$lutna" cost -a 4 -w 4 --unsigned --json --activations "$dir/$file"
		cmp "$dir/out" "$dir/wanted")"
done
head -c 100000 /dev/zero >"$dir/still"
result "activations that stand still toggle nothing" "$(json '
equal([o["energy"]["file"] for o in all], [0.0] * len(all))
equal([o["energy_changing"]["file"] > 0 for o in which(unit="array")], [True])' \
	-a 8 -w 9 --activations "$dir/still")"
# 0 and 128 in turn: a unit of 7 bits sees 0 and 64, its top bit, at every step.
python3 -c 'import sys; sys.stdout.buffer.write(bytes([0, 128] * 65))' >"$dir/turn"
result "narrow units see the top bits" "$(json '
equal([o["energy"]["file"] > 0 for o in all], [True] * 7)' \
	--unit lutna --digits 2 --approx exact --join chain --tables shared -w 9 \
	--activations "$dir/turn")"

result "a width out of range" "$(refused 2 "--act-bits: '9' is not a width from 2 to 8" --act-bits 9
	refused 2 "from 3 to 9" --weight-bits 10; refused 2 "from 3 to 9" --weight-bits 2)"
for width in 1 0 -4 4- 4-9 5-3 4-5-6 x '' ' 4' 4294967300; do
	result "a width that is none: '$width'" "$(refused 2 "from 2 to 8" "--act-bits=$width")"
done
result "no such unit" "$(refused 2 "'mac' is no unit: lut, dnc" mac)"
result "two units" "$(refused 2 "lut or array" array --unit lut | grep -v '^says')"
result "what no unit is" "$(refused 2 "no unit fits" array --digits 4
	refused 2 "no unit fits" -a 4 --approx drop3)"
result "a choice that is none" "$(try 2 "$lutna" cost --digits 3
	grep -q "'3' is none of 1|2|4" "$dir/err" || cat "$dir/err")"
result "a file that is not there" "$(refused 1 "$dir/none: No such file" --activations "$dir/none")"
result "a file that is a directory" "$(refused 1 "$dir: Is a directory" --activations "$dir")"
head -c 64 "$dir/raw" >"$dir/short"
cat "$dir/head" "$dir/short" >"$dir/short.idx"
result "a file that is too short" "$(
	refused 1 "64 activations are too few, 65 are needed" --activations "$dir/short"
	refused 1 "64 activations are too few" --activations "$dir/short.idx")"
head -c 100 "$dir/idx.gz" >"$dir/cut.gz"
result "a file that is cut short" "$(refused 1 "$dir/cut.gz: cut short" \
	--activations "$dir/cut.gz")"
result "a file without an end" "$(try 0 "$lutna" cost array -a 2 -w 3 --activations /dev/zero)"
result "output that cannot be written" "$(try 1 sh -c '"$@" >/dev/full' sh "$lutna" cost
	grep -q 'standard output: ' "$dir/err" || cat "$dir/err")"

result "Verilog of a unit" "$(try 0 "$lutna" cost --verilog lutna
	grep -q '^module lutna_8x9s_d2' "$dir/out" || head -n 3 "$dir/out")"
result "of another width, with a name, and its test bench" "$(
	try 0 "$lutna" cost --verilog --testbench -a 4 -w 4 --unsigned --unit dadda --module mine
	grep -q '^module mine(' "$dir/out" || echo "no unit"
	grep -q '^module mine_tb' "$dir/out" || echo "no test bench")"
result "Verilog of no unit, or several" "$(
	refused 2 "Verilog is of one unit, but 12 fit" --verilog
	refused 2 "Verilog is of one unit, but 7 fit" --verilog lut -a 4
	refused 2 "Verilog is of one unit, but 0 fit" --verilog lut -a 4 -w 4 --digits 2)"
result "Verilog of bit lines" "$(refused 2 "bit lines are no gates" --verilog lut --read rows)"
result "Verilog and JSON" "$(refused 2 "goes without --json" --verilog lut --json)"
result "a name without Verilog" "$(refused 2 "--module goes with" --module x)"
result "a name that is none" "$(refused 1 "--module: not an identifier" --verilog lutna --module 9x)"

"$lutna" cost --help | grep -oE -- '^ +(-[a-z], )?--[a-z-]+' | grep -oE -- '--[a-z-]+' |
	sort -u >"$dir/help"
grep -E '^\.(BI|BR|RB|B) ' "$top/tools/man/lutna-cost.1" | sed 's/\\-/-/g' |
	grep -oE -- '--[a-z-]+' | sort -u >"$dir/man"
result "the manual has the options" "$(diff "$dir/help" "$dir/man")"
finish
