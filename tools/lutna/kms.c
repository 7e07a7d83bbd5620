// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <drm_fourcc.h>
#include <xf86drm.h>
#include <xf86drmMode.h>

#include "command.h"
#include "kms.h"

/* As many as the kernel has numbers for */
#define CARDS	64

/**
 * struct kms - a screen and its frame
 * @fd: of the card
 * @card: its path
 * @connector: number of the connector
 * @output: its name
 * @crtc: number of what feeds it
 * @mode: what it is to show
 * @taken: it shows the frame
 * @before: what it showed before; may be NULL
 * @handle: memory; 0 if there is none
 * @fb: frame buffer; 0 if there is none
 * @frame: the caller's
 * @map: of all memory, or NULL
 * @map_bytes: of it
 */
struct kms {
	int fd;
	char card[32];
	uint32_t connector;
	char output[32];
	uint32_t crtc;
	drmModeModeInfo mode;
	bool taken;
	drmModeCrtc *before;
	uint32_t handle;
	uint32_t fb;
	struct kms_frame frame;
	void *map;
	size_t map_bytes;
};

/* What feeds the connector now, else the first that can. 0: nothing */
static uint32_t find_crtc(int fd, const drmModeRes *res,
			  const drmModeConnector *connector)
{
	drmModeEncoder *encoder = drmModeGetEncoder(fd, connector->encoder_id);
	uint32_t crtc = encoder ? encoder->crtc_id : 0;
	int i, j;

	drmModeFreeEncoder(encoder);
	for (i = 0; !crtc && i < connector->count_encoders; i++) {
		encoder = drmModeGetEncoder(fd, connector->encoders[i]);
		for (j = 0; encoder && !crtc && j < res->count_crtcs && j < 32; j++)
			if (encoder->possible_crtcs & 1u << j)
				crtc = res->crtcs[j];
		drmModeFreeEncoder(encoder);
	}
	return crtc;
}

static const drmModeModeInfo *find_mode(const drmModeConnector *connector)
{
	int i;

	for (i = 0; i < connector->count_modes; i++)
		if (connector->modes[i].type & DRM_MODE_TYPE_PREFERRED)
			return &connector->modes[i];
	return connector->count_modes ? connector->modes : NULL;
}

static bool use_connector(struct kms *kms, const drmModeRes *res, uint32_t id)
{
	drmModeConnector *connector = drmModeGetConnector(kms->fd, id);
	const drmModeModeInfo *mode;
	const char *type;
	bool found = false;

	if (!connector)
		return false;
	mode = find_mode(connector);
	if (connector->connection == DRM_MODE_CONNECTED && mode) {
		kms->connector = id;
		kms->mode = *mode;
		kms->crtc = find_crtc(kms->fd, res, connector);
		type = drmModeGetConnectorTypeName(connector->connector_type);
		snprintf(kms->output, sizeof(kms->output), "%.15s-%u",
			 type ? type : "Unknown", connector->connector_type_id);
		found = kms->crtc;
	}
	drmModeFreeConnector(connector);
	return found;
}

/* -ENODEV: shows nothing, ever; -ENXIO: no screen is connected */
static int use_card(struct kms *kms, const char *path)
{
	uint64_t dumb = 0;
	drmModeRes *res;
	int i, rc = -ENXIO;

	kms->fd = open(path, O_RDWR | O_CLOEXEC);
	if (kms->fd < 0)
		return -errno;
	snprintf(kms->card, sizeof(kms->card), "%s", path);
	res = drmModeGetResources(kms->fd);
	if (!res || drmGetCap(kms->fd, DRM_CAP_DUMB_BUFFER, &dumb) || !dumb)
		rc = -ENODEV;
	for (i = 0; rc == -ENXIO && i < res->count_connectors; i++)
		if (use_connector(kms, res, res->connectors[i]))
			rc = 0;
	if (res)
		drmModeFreeResources(res);
	if (rc) {
		close(kms->fd);
		kms->fd = -1;
	}
	return rc;
}

static int no_screen(const char *card, int err)
{
	switch (err) {
	case -ENODEV:
		return complain("%s: shows nothing: give another card by --card", card);
	case -ENXIO:
		return complain("%s: no screen is connected", card);
	default:
		return complain("%s: %s", card, strerror(-err));
	}
}

static int find_card(struct kms *kms)
{
	/* The one that comes nearest to a screen is worth a word. */
	int i, err, worst = -ENOENT;
	char path[32], known[32] = "";

	for (i = 0; i < CARDS; i++) {
		snprintf(path, sizeof(path), "/dev/dri/card%d", i);
		err = use_card(kms, path);
		if (!err)
			return STATUS_OK;
		if (err != -ENOENT && (err != -ENODEV || !known[0])) {
			worst = err;
			snprintf(known, sizeof(known), "%s", path);
		}
	}
	if (known[0])
		return no_screen(known, worst);
	return complain("no graphics card: there is no /dev/dri/card0; tools/vm --gpu gives the VM one, elsewhere its kernel module is missing");
}

int kms_open(struct kms **out, const char *card)
{
	struct kms *kms = calloc(1, sizeof(*kms));
	int err;

	if (!kms)
		return complain("out of memory");
	kms->fd = -1;
	if (card) {
		err = use_card(kms, card);
		if (err)
			err = no_screen(card, err);
	} else {
		err = find_card(kms);
	}
	/* The first to open a card owns its screens, until it closes it. */
	if (!err && !drmIsMaster(kms->fd))
		err = complain("%s: another program owns the screen: end it first ('fuser -v %s' names it)",
			       kms->card, kms->card);
	if (err) {
		kms_close(kms);
		return STATUS_FAILURE;
	}
	*out = kms;
	return STATUS_OK;
}

static int create_memory(struct kms *kms, size_t spare)
{
	struct drm_mode_create_dumb create = {
		.width = kms->mode.hdisplay, .bpp = 32,
	};
	/* A card may make rows longer than this, and with it the spare ones. */
	size_t row = (size_t)create.width * 4;

	if (spare / row > 0xffff)
		return -EFBIG;
	create.height = (uint32_t)(kms->mode.vdisplay + (spare + row - 1) / row);
	if (drmIoctl(kms->fd, DRM_IOCTL_MODE_CREATE_DUMB, &create))
		return -errno;
	kms->handle = create.handle;
	kms->frame.pitch = create.pitch;
	kms->frame.bytes = (size_t)create.pitch * kms->mode.vdisplay;
	kms->map_bytes = create.size;
	return 0;
}

static int map_memory(struct kms *kms)
{
	struct drm_mode_map_dumb map = { .handle = kms->handle };
	void *at;

	if (drmIoctl(kms->fd, DRM_IOCTL_MODE_MAP_DUMB, &map))
		return -errno;
	at = mmap(NULL, kms->map_bytes, PROT_READ | PROT_WRITE, MAP_SHARED,
		  kms->fd, (off_t)map.offset);
	if (at == MAP_FAILED)
		return -errno;
	kms->map = at;
	return 0;
}

static int add_frame(struct kms *kms)
{
	const uint32_t handles[4] = { kms->handle };
	const uint32_t pitches[4] = { kms->frame.pitch };
	const uint32_t offsets[4] = { 0 };

	return drmModeAddFB2(kms->fd, kms->mode.hdisplay, kms->mode.vdisplay,
			     DRM_FORMAT_XRGB8888, handles, pitches, offsets,
			     &kms->fb, 0);
}

int kms_create(struct kms *kms, size_t spare, struct kms_frame *frame, int *fd)
{
	const char *what = "memory for a screen";
	int err;

	err = create_memory(kms, spare);
	if (!err) {
		what = "mapping the screen's memory";
		err = map_memory(kms);
	}
	if (!err) {
		what = "a frame";
		err = add_frame(kms);
	}
	if (!err) {
		what = "a dma-buf of the screen's memory";
		err = drmPrimeHandleToFD(kms->fd, kms->handle,
					 DRM_CLOEXEC | DRM_RDWR, fd) ? -errno : 0;
	}
	if (err)
		return complain("%s: %s: %s", kms->card, what, strerror(-err));
	kms->frame.width = kms->mode.hdisplay;
	kms->frame.height = kms->mode.vdisplay;
	memcpy(kms->frame.card, kms->card, sizeof(kms->card));
	memcpy(kms->frame.output, kms->output, sizeof(kms->output));
	*frame = kms->frame;
	return STATUS_OK;
}

void *kms_pixels(struct kms *kms)
{
	return kms->map;
}

static int take_screen(struct kms *kms)
{
	drmModeCrtc *before = drmModeGetCrtc(kms->fd, kms->crtc);
	int err;

	err = drmModeSetCrtc(kms->fd, kms->crtc, kms->fb, 0, 0, &kms->connector,
			     1, &kms->mode);
	if (err) {
		drmModeFreeCrtc(before);
		return err;
	}
	kms->before = before;
	kms->taken = true;
	return 0;
}

int kms_present(struct kms *kms)
{
	int err;

	err = kms->taken ? drmModeDirtyFB(kms->fd, kms->fb, NULL, 0) :
			   take_screen(kms);
	/* Cards that read the frame all the time know of no dirt. */
	if (err && !(kms->taken && err == -ENOSYS))
		return complain("%s: %s: %s", kms->card, kms->output,
				strerror(-err));
	return STATUS_OK;
}

/* As it was; a frame of somebody who is gone does not come back. */
static void leave_screen(struct kms *kms)
{
	drmModeCrtc *before = kms->before;

	if (before && before->mode_valid && before->buffer_id)
		drmModeSetCrtc(kms->fd, before->crtc_id, before->buffer_id,
			       before->x, before->y, &kms->connector, 1,
			       &before->mode);
	drmModeFreeCrtc(before);
}

void kms_close(struct kms *kms)
{
	struct drm_mode_destroy_dumb destroy = { .handle = kms->handle };

	leave_screen(kms);
	if (kms->map)
		munmap(kms->map, kms->map_bytes);
	if (kms->fb)
		drmModeRmFB(kms->fd, kms->fb);
	if (kms->handle)
		drmIoctl(kms->fd, DRM_IOCTL_MODE_DESTROY_DUMB, &destroy);
	if (kms->fd >= 0)
		close(kms->fd);
	free(kms);
}
