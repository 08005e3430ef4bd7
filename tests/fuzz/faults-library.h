/* SPDX-License-Identifier: ISC */
/* Stand for a call of a library that fails for want of memory, if the input says so (faults.h). */
#pragma once

#include "faults.h"

#define LIBRARY(type, failure, name, parameters, arguments)                          \
	type __real_##name parameters;                                               \
	type __wrap_##name parameters;                                               \
	type __wrap_##name parameters                                                \
	{                                                                            \
		return fuzz_fault_is_due("l") ? (failure) : __real_##name arguments; \
	}
