# SPDX-License-Identifier: GPL-2.0-only
# Tests of the cost model.  Each *_test.c is a program; it needs these objects
# (paths below qemu-device), -lpthread, and -I of the repository and qemu-device.
cost_test_names := count_test energy_test netlist_test product_test stimulus_test
cost_test_objects := $(addprefix core/cost/,cost.o count.o gate.o multipliers.o \
	netlist.o simulate.o stimulus.o tables.o)
