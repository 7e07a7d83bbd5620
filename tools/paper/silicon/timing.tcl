# SPDX-License-Identifier: GPL-2.0-only
#
# For OpenSTA: longest path from an activation bit to a product bit, slew at
# every pin, delay of every cell.  The weight stands still, so paths from
# storage do not count.

read_liberty $env(LIBRARY)
read_verilog $env(NETLIST)
link_design $env(TOP)
create_clock -name operation -period 1000
set_input_delay 0 -clock operation [all_inputs]
set_output_delay 0 -clock operation [all_outputs]
set_driving_cell -lib_cell $env(DRIVER) [all_inputs]
set_load $env(LOAD) [all_outputs]

report_checks -from [get_ports x*] -path_delay max -digits 4

set out [open $env(SLEWS) w]
foreach cell [get_cells *] {
	set name [get_full_name $cell]
	foreach pin [get_pins $name/*] {
		puts $out "$name [get_property $pin lib_pin_name]\
			[get_property $pin actual_rise_transition_max]\
			[get_property $pin actual_fall_transition_max]"
	}
}
close $out
write_sdf -no_timestamp -no_version -divider . $env(SDF)
