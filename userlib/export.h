/* SPDX-License-Identifier: MIT */
/*
 * The public header as the library's own files include it: they are compiled
 * with hidden visibility, and what that header declares is not hidden.
 */
#ifndef LUTNA_EXPORT_H
#define LUTNA_EXPORT_H

#pragma GCC visibility push(default)
#include <lutna/lutna.h>
#pragma GCC visibility pop

#endif /* LUTNA_EXPORT_H */
