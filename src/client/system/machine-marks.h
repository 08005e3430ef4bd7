/* SPDX-License-Identifier: ISC */
/*
 * The marks by which a machine is distinguished from a copy of its disk: its machine ID, the
 * instance ID that its cloud gave it, and the ID of its hardware.
 *
 * None of them is reliable alone. A machine ID is copied with the disk unless somebody resets it,
 * and is new at every boot where /etc cannot be written. Platforms renew the instance ID of a
 * machine that is no copy, and cloud-init has IDs for instances whose ID it could not find. The ID
 * of the hardware is missing, or the vendor's default, on many machines. So a mark may be absent,
 * and an absent one proves nothing; registration/binding.h says what follows from the others.
 */
#pragma once

#include "common/must-check.h"

#include <stdbool.h>

#define MACHINE_MARK_SIZE 33 /* 32 hexadecimal digits and the terminator */
#define MACHINE_INSTANCE_SIZE 256

/* Empty: absent. */
struct machine_marks {
	char machine[MACHINE_MARK_SIZE]; /* a keyed hash of the machine ID */
	/*
	 * The machine ID need not outlive the boot: it is mounted over /etc/machine-id, or on a
	 * file system in memory. Equal ones say that the machine is the same, different ones
	 * nothing.
	 */
	bool is_transient;
	char instance[MACHINE_INSTANCE_SIZE]; /* cloud-init's instance ID, unless a fallback */
	char hardware[MACHINE_MARK_SIZE];     /* a keyed hash of DMI's product UUID */
};

/* The marks of this machine, now. */
void machine_marks_read(struct machine_marks *ret);

/*
 * The mark of the machine ID alone: a hash that is specific to this program, so that the ID is not
 * disclosed (machine-id(5)). Empty when the machine has no ID yet.
 */
void machine_marks_read_machine(char ret[static MACHINE_MARK_SIZE]);

/* What cloud-init has recorded as the instance ID, a fallback included; empty: nothing. */
void machine_marks_read_instance(char ret[static MACHINE_INSTANCE_SIZE]);

/*
 * Is this an ID that cloud-init uses where it finds none (DataSourceNone, NoCloud without
 * meta-data and others), or that its documentation gives as an example? Such an ID says nothing
 * about the instance.
 */
bool machine_marks_is_fallback(const char *instance) must_check;

/*
 * Read the first 32 hexadecimal digits of a file, in any case and with or without hyphens, as
 * lower-case digits. Returns 0, or -ENODATA when it does not begin with that many; `ret` is then
 * incomplete.
 */
int machine_id_read(const char *path, char ret[static MACHINE_MARK_SIZE]) must_check;
