# SPDX-License-Identifier: GPL-2.0-only
#
# Each part has a build of its own; this file only says what a person may ask
# for, and in which order the parts need one another.

B	:= $(CURDIR)/build
KERNEL	?= 6.1
OTHER_KERNEL := 6.12
V	?= 0
VM	:= tools/vm --kernel $(KERNEL) $(VMFLAGS)
SUITES	?=
JOBS	?= $(shell nproc)
# Not before: what is exported is defined, and ?= leaves it empty.
export KERNEL JOBS

quiet	:= $(if $(filter 0,$(V)),-s)
# A job server of `make -j`, when there is one, is for the parts too.
jobs	= $(if $(findstring jobserver,$(MAKEFLAGS)),,-j$(JOBS))

# part DIRECTORY, OUTPUT - a part of its own, in a directory of its own
part = @$(if $(wildcard $(1)/Makefile),$(MAKE) $(quiet) $(jobs) --no-print-directory \
	-C $(1) O=$(B)/$(2),echo 'nothing to build in $(1) yet')

.PHONY: all deps deps-check deps-bench deps-paper qemu kernel kernel-sources vm-parts module lib
.PHONY: other-kernel tool tests run check show bench paper vm sparse checkpatch lint clean distclean help

all: qemu module tool vm-parts

help:
	@echo 'For a person:'
	@echo '  make            everything that run needs'
	@echo '  make run        classify images on the virtual device, in the VM'
	@echo '  make show       the same on a screen: build/show/screen.png'
	@echo '  make check      all tests; SUITES="unit vm" some of them'
	@echo '  make bench      what a job costs, and the speed of the arithmetic'
	@echo '  make paper      the publications, measured: build/paper/report.md'
	@echo '  make vm         a shell in the VM; tools/vm --help for more'
	@echo 'Parts:'
	@echo '  deps qemu kernel module lib tool tests'
	@echo 'Lint:'
	@echo '  lint (all of it), sparse, checkpatch'
	@echo 'Away with it:'
	@echo '  clean           build/; the cache of downloads and of QEMU stays'
	@echo '  distclean       build/ and the cache'
	@echo 'Variables:'
	@echo '  KERNEL=6.12     another kernel for the module and the VM'
	@echo '  KDIR=DIR        headers of your own kernel'
	@echo '  QEMU_SRC=DIR    your own source tree of QEMU 7.2'
	@echo '  VMFLAGS=...     options of tools/vm'
	@echo '  V=1             show the commands that compile'
	@echo '  JOBS=N          how much is compiled at once (default: all processors)'
	@echo '  LUTNA_CACHE=DIR where the cache is (default ~/.cache/lutna)'

deps:
	@tools/build/deps build

deps-check:
	@tools/build/deps build test

deps-bench:
	@tools/build/deps build bench

deps-paper:
	@tools/build/deps build paper

qemu: deps
	@tools/build/qemu

kernel: deps
	@tools/build/kernel $(KERNEL)

kernel-sources: deps
	@tools/build/kernel sources

vm-parts: kernel
	@tools/build/vm $(KERNEL)

module: kernel
	@tools/build/module $(KERNEL)

lib: deps
	$(call part,userlib,userlib)

tool: lib
	$(call part,tools,tools)

# The driver's other kernel, for the suites that boot it; KDIR is not of that.
other-kernel: deps
	@tools/build/kernel $(OTHER_KERNEL)
	@tools/build/vm $(OTHER_KERNEL)
	@env -u KDIR tools/build/module $(OTHER_KERNEL)

tests: tool kernel-sources deps-check
	$(call part,tests/unit,tests/unit)
	$(call part,tests/selftests,tests/selftests)

run: all
	@tools/demo

show: all
	@tools/show

check: all tests other-kernel
	@tests/run $(SUITES)

bench: all deps-bench
	$(call part,tests/bench,tests/bench)
	@tests/bench/run

paper: all deps-paper
	$(call part,tools/paper,tools/paper)
	@tools/paper/run

vm: all
	@$(VM)

lint: kernel kernel-sources deps-check
	@tests/run lint

sparse: kernel deps-check
	@tests/run lint/sparse

checkpatch: kernel-sources deps-check
	@tests/run lint/checkpatch

clean:
	rm -rf build

distclean: clean
	@tools/build/cache --remove
