# SPDX-License-Identifier: GPL-2.0-only
"""How the C library deals with the memory of large arrays."""
import ctypes


def keep():
    """Ask glibc to hold on to freed memory. Otherwise each large array is
    mapped anew, and its page faults cost more than what it was made for."""
    mmap_max, trim_threshold = -4, -1       # of malloc.h
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return
    mallopt(mmap_max, 0)
    mallopt(trim_threshold, (1 << 31) - 1)
