/* SPDX-License-Identifier: ISC */
#include "client/system/machine-marks.h"

#include "common/cleanup.h"
#include "common/hex.h"
#include "common/sha256.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#define MACHINE_ID_FILE "/etc/machine-id"
#define INSTANCE_ID_FILE "/var/lib/cloud/data/instance-id"
#define PRODUCT_UUID_FILE "/sys/class/dmi/id/product_uuid"
#define MOUNTS_FILE "/proc/self/mountinfo"
#define PROCESS_NAMESPACE "/proc/self/ns/pid"
#define ID_DIGITS (MACHINE_MARK_SIZE - 1)

/* Never change it: keys are bound to the hashes made with it. */
static const unsigned char application_id[16] = { 0x5e, 0x2c, 0x0b, 0x91, 0x7d, 0x3f, 0x4a, 0x68,
						  0xb1, 0x05, 0x9e, 0x44, 0xc7, 0x2d, 0x80, 0x13 };

int machine_id_read(const char *path, char ret[static MACHINE_MARK_SIZE])
{
	cleanup_file FILE *file = fopen(path, "re");
	size_t digits = 0;
	int c;

	while (file && digits < ID_DIGITS && (c = fgetc(file)) != EOF)
		if (isxdigit(c))
			ret[digits++] = (char)tolower(c);
		else if (c != '-')
			break;
	ret[digits] = '\0';
	return digits == ID_DIGITS ? 0 : -ENODATA;
}

/* HMAC-SHA256 of the application ID, keyed with `id`, which must not be disclosed itself. */
static void make_mark(char ret[static MACHINE_MARK_SIZE], const char *id)
{
	unsigned char mark[SHA256_SIZE];

	sha256_hmac(mark, id, ID_DIGITS, application_id, sizeof application_id);
	hex_print(ret, mark, ID_DIGITS / 2);
}

/* ------------------------------------------------------------------ the machine ID */

void machine_marks_read_machine(char ret[static MACHINE_MARK_SIZE])
{
	char id[MACHINE_MARK_SIZE];

	ret[0] = '\0';
	if (machine_id_read(MACHINE_ID_FILE, id) == 0) /* not if it is "uninitialized" */
		make_mark(ret, id);
}

static bool is_in_memory(const char *path)
{
	struct statfs status;

	return statfs(path, &status) == 0 &&
	       (status.f_type == TMPFS_MAGIC || status.f_type == RAMFS_MAGIC);
}

/* Before Linux 5.8, which has an attribute for it. */
static bool is_in_mountinfo(const char *path)
{
	cleanup_file FILE *file = fopen(MOUNTS_FILE, "re");
	cleanup_free char *line = NULL;
	char place[sizeof MACHINE_ID_FILE + 1]; /* longer ones are cut, and differ */
	size_t allocated = 0;
	bool found = false;

	while (file && !found && getline(&line, &allocated, file) > 0)
		found = sscanf(line, "%*s %*s %*s %*s %16s", place) == 1 &&
			strcmp(place, path) == 0;
	return found;
}

/*
 * Where /etc cannot be written, systemd makes a machine ID for one boot and mounts it over the file
 * (machine-id(5)); others mount one from elsewhere.
 */
static bool is_mount_point(const char *path)
{
	struct statx status;

	if (statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, 0, &status) == 0 &&
	    (status.stx_attributes_mask & STATX_ATTR_MOUNT_ROOT))
		return status.stx_attributes & STATX_ATTR_MOUNT_ROOT;
	return is_in_mountinfo(path);
}

/* ------------------------------------------------------------------ the cloud's instance */

void machine_marks_read_instance(char ret[static MACHINE_INSTANCE_SIZE])
{
	cleanup_file FILE *file = fopen(INSTANCE_ID_FILE, "re");
	size_t length;

	if (!file || !fgets(ret, MACHINE_INSTANCE_SIZE, file))
		ret[0] = '\0';
	ret[strcspn(ret, "\r\n")] = '\0';
	for (length = strlen(ret); length > 0 && isblank((unsigned char)ret[length - 1]); length--)
		ret[length - 1] = '\0';
}

bool machine_marks_is_fallback(const char *instance)
{
	/* the defaults in cloud-init's cloudinit/sources, and the examples of its documentation */
	static const char *const fallbacks[] = {
		"iid-datasource-none",
		"nocloud",
		"iid-datasource",
		"iid-dsconfigdrive",
		"iid-dsopenstack",
		"iid-dsopennebula",
		"iid-dsovf",
		"iid-datasource-wsl",
		"iid-AZURE-NODE",
		"455" /* AltCloud's */,
		"iid-local01",
		"iid-abcdefg",
		"someid/somehostname",
		"i-87018aed",
		"i-abcdefg",
		"l-eadfbe",
		"cloud-vm",
		"id-ovf",
		"some-new-instance-id",
	};

	for (size_t i = 0; i < sizeof fallbacks / sizeof fallbacks[0]; i++)
		if (strcasecmp(instance, fallbacks[i]) == 0)
			return true;
	return false;
}

/* ------------------------------------------------------------------ the hardware */

/* A container sees the hardware of its host, as the other containers there do. */
static bool is_container(void)
{
	/* PROC_PID_INIT_INO of the kernel: every other namespace of processes has another number */
	static const char host_namespace[] = "pid:[4026531836]";
	static const char *const signs[] = { "/run/systemd/container", "/run/.containerenv",
					     "/.dockerenv" };
	char namespace[sizeof host_namespace];
	ssize_t length = readlink(PROCESS_NAMESPACE, namespace, sizeof namespace);

	for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++)
		if (access(signs[i], F_OK) == 0)
			return true;
	return length > 0 && (length != sizeof host_namespace - 1 ||
			      memcmp(namespace, host_namespace, sizeof host_namespace - 1) != 0);
}

/*
 * The first three fields of a UUID are stored in one byte order by SMBIOS before 2.6 and in the
 * other one after it, and firmware and kernels disagree about which it is: one machine may show
 * both. The smaller of the two spellings stands for them.
 */
static void normalize_byte_order(char uuid[static MACHINE_MARK_SIZE])
{
	static const size_t order[] = { 3, 2, 1, 0, 5, 4, 7, 6 };
	char swapped[MACHINE_MARK_SIZE];

	memcpy(swapped, uuid, sizeof swapped);
	for (size_t i = 0; i < sizeof order / sizeof order[0]; i++)
		memcpy(swapped + 2 * i, uuid + 2 * order[i], 2);
	if (memcmp(swapped, uuid, ID_DIGITS) < 0)
		memcpy(uuid, swapped, ID_DIGITS);
}

/*
 * What vendors leave in boards to which they give no UUID, and so in many machines: gathered from
 * the lists of public inventory and imaging tools; in the byte order that is the smaller one.
 */
static bool is_default_uuid(const char *uuid)
{
	static const char *const defaults[] = {
		"00020003000400050006000700080009", /* 03000200-0400-0500-0006-000700080009 */
		"000102030405060708090a0b0c0d0e0f", "00000000000000000807060504030201",
		"01020907030101030807060504030201", /* 07090201-0103-0301-0807-060504030201 */
		"0123456789abcdef0123456789abcdef", "11111111222233334444555555555555",
		"12345678123412341234123456789012", "12345678123456781234567812345678",
		"12345678123456789012345678901234", "123456781234567890abcddeefaabbcc",
		"142d0e89cdcad145ae66bc80e8bfeb0f", /* 890e2d14-cacd-45d1-ae66-bc80e8bfeb0f */
		"3139313835385a433135353130323750", /* 31393138-3538-5a43-3135-353130323750 */
		"44454c4c00001020802080c04f202020", /* 4c4c4544-...: Dell, no service tag */
		"4458278e8f17a844aceba7d7e5178c63", /* 8e275844-178f-44a8-aceb-a7d7e5178c63 */
		"8a95d1987f4611e5bf8b08002704d48e", /* firmware built from one sample */
		"978369dc54faf24c82c8b1b5307a6a7f", /* dc698397-fa54-4cf2-82c8-b1b5307a6a7f */
		"deadbeefdeadbeefdeadbeefdeadbeef",
	};
	static const char set_bits[] = "ffffffffffffffffffffffff";

	for (size_t i = 0; i < sizeof defaults / sizeof defaults[0]; i++)
		if (strcmp(uuid, defaults[i]) == 0)
			return true;
	/* one byte repeated (00, ff, 58 and others), or nothing but the first field set */
	return strncmp(uuid, uuid + 2, ID_DIGITS - 2) == 0 || strcmp(uuid + 8, set_bits) == 0;
}

static void read_hardware(char ret[static MACHINE_MARK_SIZE])
{
	char uuid[MACHINE_MARK_SIZE];

	ret[0] = '\0';
	if (is_container() || machine_id_read(PRODUCT_UUID_FILE, uuid) < 0)
		return;
	normalize_byte_order(uuid);
	if (!is_default_uuid(uuid))
		make_mark(ret, uuid);
}

/* ------------------------------------------------------------------ all of them */

void machine_marks_read(struct machine_marks *ret)
{
	*ret = (struct machine_marks){ 0 };
	machine_marks_read_machine(ret->machine);
	ret->is_transient = ret->machine[0] &&
			    (is_mount_point(MACHINE_ID_FILE) || is_in_memory(MACHINE_ID_FILE));
	machine_marks_read_instance(ret->instance);
	if (machine_marks_is_fallback(ret->instance))
		ret->instance[0] = '\0';
	read_hardware(ret->hardware);
}
