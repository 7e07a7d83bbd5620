# SPDX-License-Identifier: GPL-2.0-only
# Tests of the cost model.  Each *_test.c is a program by itself; it needs these
# objects (below qemu-device; include core/sources.mk first), -pthread, and -I of
# the repository's root and of qemu-device.
cost_tests := count_test energy_test netlist_test product_test stimulus_test
cost_test_objects := $(patsubst %.c,core/%.o,$(filter cost/%,$(core_sources)))
