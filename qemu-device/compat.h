/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The device is written to the shapes of QEMU's master branch.  What older
 * versions (back to 7.2) name or declare otherwise is brought to them here,
 * so that no other file asks for a version.
 */
#ifndef LUTNA_COMPAT_H
#define LUTNA_COMPAT_H

#define LUTNA_QEMU_BEFORE(major, minor)         \
    (QEMU_VERSION_MAJOR < (major) ||            \
     (QEMU_VERSION_MAJOR == (major) && QEMU_VERSION_MINOR < (minor)))

#if __has_include("hw/pci/pci_device.h")
#include "hw/pci/pci_device.h"
#else
#include "hw/pci/pci.h"
#endif

#if __has_include("hw/core/qdev-properties.h")
#include "hw/core/qdev-properties.h"
#else
#include "hw/qdev-properties.h"
#endif

#if __has_include("hw/core/resettable.h")
#include "hw/core/resettable.h"
#else
#include "hw/resettable.h"
#endif

#if __has_include("system/memory.h")
#include "system/memory.h"
#else
#include "exec/memory.h"
#endif

#if __has_include("system/memory_cached.h")
#include "system/memory_cached.h"
#endif

#if __has_include("system/runstate.h")
#include "system/runstate.h"
#else
#include "sysemu/runstate.h"
#endif

#include "qemu/main-loop.h"

#if LUTNA_QEMU_BEFORE(9, 0)
#define bql_lock()      qemu_mutex_lock_iothread()
#define bql_unlock()    qemu_mutex_unlock_iothread()
#define bql_locked()    qemu_mutex_iothread_locked()
#endif

/* Arguments of the reset phases after the object */
#if LUTNA_QEMU_BEFORE(9, 1)
#define LUTNA_RESET_TYPE_ARG
#else
#define LUTNA_RESET_TYPE_ARG    , ResetType type
#endif

#if LUTNA_QEMU_BEFORE(10, 0)
#define LUTNA_PROPERTIES_CONST
#define LUTNA_PROPERTIES_END    DEFINE_PROP_END_OF_LIST(),
#define lutna_access_is_direct(mr, is_write, attrs) \
    memory_access_is_direct(mr, is_write)
#else
#define LUTNA_PROPERTIES_CONST  const
#define LUTNA_PROPERTIES_END
#define lutna_access_is_direct(mr, is_write, attrs) \
    memory_access_is_direct(mr, is_write, attrs)
#endif

#if LUTNA_QEMU_BEFORE(10, 1)
#define LUTNA_CLASS_CONST
#else
#define LUTNA_CLASS_CONST       const
#endif

#endif /* LUTNA_COMPAT_H */
