/* SPDX-License-Identifier: ISC */
/* The machine whose marks are read answers from here: see the wraps in local.mk. */
#include "tests/unit/support.h"

#include "client/system/machine-marks.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#define MACHINE_ID "0123456789abcdef0123456789abcdef"
#define UUID "8a1b0c2d-3e4f-5061-7283-94a5b6c7d8e9"
#define HOST_NAMESPACE "pid:[4026531836]"

/* The files of the machine; null: there is none. */
static const char *machine_file, *instance_file, *uuid_file, *mounts_file;
static const char *sign;            /* of a container */
static const char *namespace;       /* null: /proc has none */
static unsigned long machine_magic; /* of the file system of the machine ID */
/* what the kernel says of the machine ID's file */
static enum { ATTRIBUTE_MISSING, ATTRIBUTE_CLEAR, ATTRIBUTE_SET } mount_root;

FILE *__real_fopen(const char *path, const char *mode);
FILE *__wrap_fopen(const char *path, const char *mode);
FILE *__wrap_fopen(const char *path, const char *mode)
{
	if (strcmp(path, "/etc/machine-id") == 0)
		path = machine_file;
	else if (strcmp(path, "/var/lib/cloud/data/instance-id") == 0)
		path = instance_file;
	else if (strcmp(path, "/sys/class/dmi/id/product_uuid") == 0)
		path = uuid_file;
	else if (strcmp(path, "/proc/self/mountinfo") == 0)
		path = mounts_file;
	if (path)
		return __real_fopen(path, mode);
	errno = ENOENT;
	return NULL;
}

int __real_access(const char *path, int mode);
int __wrap_access(const char *path, int mode);
int __wrap_access(const char *path, int mode)
{
	if (strncmp(path, "/run/", 5) != 0 && strcmp(path, "/.dockerenv") != 0)
		return __real_access(path, mode);
	return sign && strcmp(path, sign) == 0 ? 0 : -1;
}

ssize_t __wrap_readlink(const char *path, char *target, size_t size);
ssize_t __wrap_readlink(const char *path, char *target, size_t size)
{
	assert_string_equal(path, "/proc/self/ns/pid");
	if (!namespace)
		return -1;
	memcpy(target, namespace, strlen(namespace) < size ? strlen(namespace) : size);
	return (ssize_t)(strlen(namespace) < size ? strlen(namespace) : size);
}

int __wrap_statfs(const char *path, struct statfs *status);
int __wrap_statfs(const char *path, struct statfs *status)
{
	assert_string_equal(path, "/etc/machine-id");
	*status = (struct statfs){ .f_type = (long)machine_magic };
	return 0;
}

int __wrap_statx(int fd, const char *path, int flags, unsigned int mask, struct statx *status);
int __wrap_statx(int fd, const char *path, int flags, unsigned int mask, struct statx *status)
{
	(void)mask;
	assert_int_equal(fd, AT_FDCWD);
	assert_int_equal(flags, AT_SYMLINK_NOFOLLOW);
	assert_string_equal(path, "/etc/machine-id");
	*status = (struct statx){ 0 };
	if (mount_root == ATTRIBUTE_MISSING)
		return 0;
	status->stx_attributes_mask = STATX_ATTR_MOUNT_ROOT;
	status->stx_attributes = mount_root == ATTRIBUTE_SET ? STATX_ATTR_MOUNT_ROOT : 0;
	return 0;
}

static int setup(void **state)
{
	if (setup_directory(state) < 0)
		return -1;
	machine_file = path_in(*state, "machine-id");
	instance_file = path_in(*state, "instance-id");
	uuid_file = path_in(*state, "uuid");
	mounts_file = path_in(*state, "mounts");
	write_text(machine_file, MACHINE_ID "\n");
	write_text(instance_file, "i-0abc\n");
	write_text(uuid_file, UUID "\n");
	write_text(mounts_file, "22 1 0:21 / / rw,relatime - ext4 /dev/vda1 rw\n"
				"23 22 0:5 / /etc/machine-id.d rw - tmpfs tmpfs rw\n"
				"24 22 0:6 /etc/machine-id / rw - tmpfs tmpfs rw\n");
	sign = NULL;
	namespace = HOST_NAMESPACE;
	machine_magic = EXT4_SUPER_MAGIC;
	mount_root = ATTRIBUTE_MISSING;
	return 0;
}

/* A hash of this program's own: it gives the ID away in no part. */
static void check_mark(const char *mark, const char *id)
{
	assert_int_equal(strlen(mark), 32);
	assert_int_equal(strspn(mark, "0123456789abcdef"), 32);
	for (size_t i = 0; i + 8 <= strlen(id); i++) {
		char part[9];

		(void)snprintf(part, sizeof part, "%.8s", &id[i]);
		assert_null(strstr(mark, part));
	}
}

static void test_all_marks(void **state)
{
	struct machine_marks marks, again;

	(void)state;
	machine_marks_read(&marks);
	machine_marks_read(&again);
	assert_memory_equal(&marks, &again, sizeof marks);
	check_mark(marks.machine, MACHINE_ID);
	check_mark(marks.hardware, UUID);
	assert_string_not_equal(marks.machine, marks.hardware);
	assert_string_equal(marks.instance, "i-0abc");
	assert_false(marks.is_transient);
}

/* The hashes are in the state files of registered machines: they must stay what they are. */
static void test_hash_is_for_ever(void **state)
{
	struct machine_marks marks;

	(void)state;
	write_text(machine_file, "fedcba9876543210fedcba9876543210\n");
	write_text(uuid_file, "FEDCBA98-7654-3210-FEDC-BA9876543210\n");
	machine_marks_read(&marks);
	assert_string_equal(marks.machine, "d4752cbea44f04b4b1e83a39909a72a4");
	assert_string_equal(marks.hardware, "c800ef3bb59ee24d0c8c99026543c768");
}

static void test_no_marks(void **state)
{
	static const char *const unusable[] = { "", "\n", "uninitialized\n", "0123456789abcdef\n" };
	static const struct machine_marks none;
	struct machine_marks marks;

	(void)state;
	for (size_t i = 0; i < COUNT(unusable); i++) {
		write_text(machine_file, unusable[i]);
		write_text(uuid_file, unusable[i]);
		write_text(instance_file, "");
		machine_marks_read(&marks);
		assert_memory_equal(&marks, &none, sizeof marks);
	}
	machine_file = instance_file = uuid_file = mounts_file = namespace = NULL;
	machine_marks_read(&marks);
	assert_memory_equal(&marks, &none, sizeof marks);
}

static void test_transient(void **state)
{
	static const struct {
		const char *mount;
		unsigned long magic;
		bool is_transient;
	} rows[] = {
		{ "30 22 0:25 /machine-id /etc/machine-id ro - tmpfs tmpfs rw\n", TMPFS_MAGIC,
		  true },
		{ "30 22 254:1 /data/id /etc/machine-id rw,relatime shared:1 - ext4 /dev/x rw\n",
		  EXT4_SUPER_MAGIC, true },
		{ "", TMPFS_MAGIC, true }, /* a link to /run, or all of /etc */
		{ "", RAMFS_MAGIC, true },
		{ "", OVERLAYFS_SUPER_MAGIC, false },
		{ "30 22 0:25 / /etc/machine-id2 ro - tmpfs tmpfs rw\n", EXT4_SUPER_MAGIC, false },
		{ "30 22 0:25 / /srv/etc/machine-id ro - tmpfs tmpfs rw\n", EXT4_SUPER_MAGIC,
		  false },
	};
	struct machine_marks marks;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		write_text(mounts_file, rows[i].mount);
		machine_magic = rows[i].magic;
		machine_marks_read(&marks);
		check_row(rows[i].mount, marks.is_transient == rows[i].is_transient);
		check_row(rows[i].mount, marks.machine[0]);
	}
}

/* Newer kernels say it of the file itself, and nobody reads the list. */
static void test_mount_root(void **state)
{
	struct machine_marks marks;

	(void)state;
	mount_root = ATTRIBUTE_SET;
	machine_marks_read(&marks);
	assert_true(marks.is_transient);
	write_text(mounts_file, "30 22 0:25 / /etc/machine-id ro - tmpfs tmpfs rw\n");
	mount_root = ATTRIBUTE_CLEAR;
	machine_marks_read(&marks);
	assert_false(marks.is_transient);
}

static void test_instances(void **state)
{
	static const struct {
		const char *content, *instance;
	} rows[] = {
		{ "i-0abc", "i-0abc" },
		{ "i-0abc \r\nmore\n", "i-0abc" },
		{ "iid-datasource-none\n", "" },
		{ "nocloud\n", "" },
		{ "NoCloud\n", "" },
		{ "iid-local01\n", "" },
		{ "iid-dsopenstack\n", "" },
		{ "iid-azure-node\n", "" },
		{ "someid/somehostname\n", "" },
		{ "nocloud-1\n", "nocloud-1" },
		{ "iid-local02\n", "iid-local02" },
	};
	char instance[MACHINE_INSTANCE_SIZE] = "before";
	struct machine_marks marks;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		write_text(instance_file, rows[i].content);
		machine_marks_read(&marks);
		check_row(rows[i].content, strcmp(marks.instance, rows[i].instance) == 0);
		machine_marks_read_instance(instance);
		check_row(rows[i].content, instance[0]);
		check_row(rows[i].content,
			  machine_marks_is_fallback(instance) == !rows[i].instance[0]);
	}
	instance_file = NULL;
	machine_marks_read_instance(instance);
	assert_string_equal(instance, "");
}

static void test_hardware_is_not_the_containers(void **state)
{
	static const struct {
		const char *sign, *namespace;
		bool is_known;
	} rows[] = {
		{ NULL, HOST_NAMESPACE, true },
		{ NULL, NULL, true },
		{ "/run/systemd/container", HOST_NAMESPACE, false },
		{ "/run/.containerenv", HOST_NAMESPACE, false },
		{ "/.dockerenv", HOST_NAMESPACE, false },
		{ NULL, "pid:[4026532198]", false }, /* no sign, as in Kubernetes */
		{ NULL, "pid:[40265318361]", false },
	};
	struct machine_marks marks;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		sign = rows[i].sign;
		namespace = rows[i].namespace;
		machine_marks_read(&marks);
		check_row(rows[i].sign ?: "none", !marks.hardware[0] == !rows[i].is_known);
	}
}

static void test_vendors_defaults(void **state)
{
	static const char *const defaults[] = {
		"00000000-0000-0000-0000-000000000000", "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF",
		"03000200-0400-0500-0006-000700080009", "00020003-0004-0005-0006-000700080009",
		"12345678-1234-5678-90AB-CDDEEFAABBCC", "78563412-3412-7856-90ab-cddeefaabbcc",
		"4c4c4544-0000-2010-8020-80c04f202020", "44454c4c-0000-1020-8020-80c04f202020",
		"58585858-5858-5858-5858-585858585858", "fefefefe-fefe-fefe-fefe-fefefefefefe",
		"56f49712-ffff-ffff-ffff-ffffffffffff", "07090201-0103-0301-0807-060504030201",
		"11111111-1111-1111-1111-111111111111", "00000000-0000-0000-0807-060504030201",
	};
	static const char *const real[] = {
		UUID,
		"4c4c4544-0042-3510-8052-b3c04f4b4e32",
		"00000000-0000-0000-0000-ac1f6b8d1234", /* made of a MAC address */
		"ec2e1916-9099-7caf-fd21-012345abcdef",
	};
	struct machine_marks marks;

	(void)state;
	for (size_t i = 0; i < COUNT(defaults); i++) {
		write_text(uuid_file, defaults[i]);
		machine_marks_read(&marks);
		check_row(defaults[i], !marks.hardware[0]);
	}
	for (size_t i = 0; i < COUNT(real); i++) {
		write_text(uuid_file, real[i]);
		machine_marks_read(&marks);
		check_row(real[i], marks.hardware[0]);
	}
}

/* Firmware and kernels disagree about the order of the bytes in the first three fields. */
static void test_byte_order(void **state)
{
	struct machine_marks marks, swapped, other;

	(void)state;
	machine_marks_read(&marks);
	write_text(uuid_file, "2D0C1B8A-4F3E-6150-7283-94A5B6C7D8E9");
	machine_marks_read(&swapped);
	assert_string_equal(marks.hardware, swapped.hardware);
	write_text(uuid_file, "2D0C1B8A-4F3E-6150-7283-94A5B6C7D8EA");
	machine_marks_read(&other);
	assert_string_not_equal(marks.hardware, other.hardware);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_all_marks, setup, teardown_directory),
		cmocka_unit_test_setup_teardown(test_hash_is_for_ever, setup, teardown_directory),
		cmocka_unit_test_setup_teardown(test_no_marks, setup, teardown_directory),
		cmocka_unit_test_setup_teardown(test_transient, setup, teardown_directory),
		cmocka_unit_test_setup_teardown(test_mount_root, setup, teardown_directory),
		cmocka_unit_test_setup_teardown(test_instances, setup, teardown_directory),
		cmocka_unit_test_setup_teardown(test_hardware_is_not_the_containers, setup,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_vendors_defaults, setup, teardown_directory),
		cmocka_unit_test_setup_teardown(test_byte_order, setup, teardown_directory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
