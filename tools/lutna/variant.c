// SPDX-License-Identifier: GPL-2.0-only
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "command.h"
#include "qemu-device/core/cost.h"
#include "uapi/lutna_isa.h"
#include "userlib/container.h"
#include "userlib/model.h"
#include "variant.h"

int variant_approximate(struct lutna_model *model,
			const struct precision *approx, const char *path)
{
	const Lutna__Model *msg = model->msg;
	uint32_t i;

	for (i = 0; i < model->commands; i++) {
		uint8_t *at = msg->commands.data + (size_t)i * LUTNA_CMD_SIZE;
		struct lutna_cmd_conv cmd;
		char text[PRECISION_APPROX_TEXT];

		memcpy(&cmd, at, sizeof(cmd));
		if (le16toh(cmd.hdr.opcode) != LUTNA_OP_CONV)
			continue;
		if (approx->approx_digits > precision_digits_most(cmd.act_bits))
			return complain("%s: layer %s has activations of %u bits, too few for %s",
					path, msg->layers[i]->name, cmd.act_bits,
					precision_approx_text(approx, text));
		cmd.approx = approx->approx;
		cmd.approx_digits = approx->approx_digits;
		memcpy(at, &cmd, sizeof(cmd));
	}
	return STATUS_OK;
}

static int write_all(int fd, const uint8_t *data, size_t size)
{
	while (size) {
		ssize_t put = write(fd, data, size);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return -errno;
		data += put;
		size -= (size_t)put;
	}
	return 0;
}

int variant_write(const struct lutna_model *model, int *out)
{
	size_t length = lutna__model__get_packed_size(model->msg);
	uint8_t *file = malloc(LUTNA_CONTAINER_HEADER + length);
	int fd, err;

	if (!file)
		return complain("out of memory");
	lutna__model__pack(model->msg, file + LUTNA_CONTAINER_HEADER);
	lutna_container_encode(file, file + LUTNA_CONTAINER_HEADER, length);
	fd = memfd_create("lutna-variant", MFD_CLOEXEC);
	err = fd < 0 ? -errno : write_all(fd, file, LUTNA_CONTAINER_HEADER + length);
	free(file);
	if (!err) {
		*out = fd;
		return STATUS_OK;
	}
	if (fd >= 0)
		close(fd);
	return complain("a copy of the model cannot be kept: %s", strerror(-err));
}

int variant_digits(struct lutna_profile *layer, unsigned int digit_bits)
{
	static const uint8_t units[] = { LUTNA_UNIT_DNC, LUTNA_UNIT_LUTNA };
	size_t i;

	if (!layer->act_bits)
		return STATUS_OK;
	for (i = 0; i < sizeof(units); i++) {
		const struct lutna_unit_spec spec = {
			.unit = units[i],
			.act_bits = layer->act_bits,
			.weight_bits = layer->weight_bits,
			.digit_bits = (uint8_t)digit_bits,
			.approx = layer->approx,
			.approx_digits = layer->approx_digits,
			.is_signed = true,
		};
		struct lutna_unit_cost cost;
		int err = lutna_unit_cost(&spec, &cost);

		if (err)
			return complain("cost of unit %s: %s",
					lutna_unit_name(units[i]),
					strerror(-err));
		layer->energy[units[i]] = lutna_unit_energy(&cost,
							    LUTNA_STIMULUS_RELU,
							    layer->macs);
		layer->area[units[i]] = cost.transistors;
	}
	return STATUS_OK;
}
