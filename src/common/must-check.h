/* SPDX-License-Identifier: ISC */
/*
 * Results that must not be ignored: of functions that can fail, that decide, or that hand over
 * what the caller has to free. The compiler warns of a call that ignores one.
 */
#pragma once

/* Stands behind a function's parameters. */
#define must_check __attribute__((warn_unused_result))

/* Ignore such a result (a number or a pointer) on purpose; a comment says why. */
#define ignore_result(call) ((void)!(call))
