/* SPDX-License-Identifier: ISC */
#include "client/methods/module.h"

#include "common/cleanup.h"
#include "common/dlopen-note.h"

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#define INSTALLED MODULEDIR "/" HTTPS_MODULE_FILE
#define PACKAGE_OF_MODULE "agent-register-https"

DLOPEN_NOTE(https_module, "https", "The methods api and enroll, and deregister", "suggested",
	    HTTPS_MODULE_FILE);

/* Is the directory writable only by users who can also replace the program? */
static bool is_as_safe(const struct stat *directory, const struct stat *program)
{
	mode_t others = S_IWGRP | S_IWOTH;

	return (directory->st_uid == program->st_uid || directory->st_uid == 0) &&
	       (!(directory->st_mode & S_IWGRP) || directory->st_gid == program->st_gid) &&
	       (directory->st_mode & others & ~program->st_mode) == 0;
}

/* Is a failure more than that something is not there, or not for us? Returns 0 or -errno. */
static int unless_absent(int error)
{
	return error == ENOENT || error == ENOTDIR || error == EACCES ? 0 : -error;
}

/*
 * Find the module next to the program, as in a build tree. Returns 1 if it exists and may be used,
 * 0 if not, or a negative errno if that could not be found out.
 */
static int find_beside(char path[static PATH_MAX])
{
	ssize_t length = readlink("/proc/self/exe", path, PATH_MAX - sizeof HTTPS_MODULE_FILE);
	struct stat program, directory;
	char *name;

	if (length < 0)
		return unless_absent(errno);
	path[length] = '\0';
	name = strrchr(path, '/');
	if (!name)
		return 0;
	if (stat(path, &program) < 0)
		return unless_absent(errno);
	name[1] = '\0';
	if (stat(path, &directory) < 0)
		return unless_absent(errno);
	if (!is_as_safe(&directory, &program))
		return 0;
	strcpy(name + 1, HTTPS_MODULE_FILE);
	return access(path, F_OK) == 0 ? 1 : unless_absent(errno);
}

/*
 * Where the module is, in `beside` or where it is installed. Returns 0 or a negative errno with
 * `why` set.
 */
static int find_module(const char **ret, char beside[static PATH_MAX], struct reason *why)
{
	int r = find_beside(beside);

	*ret = r > 0 ? beside : INSTALLED;
	if (r > 0 || access(INSTALLED, F_OK) == 0)
		return 0;
	r = r < 0 ? r : unless_absent(errno);
	if (r < 0)
		return reason_errno(why, r, "Cannot look for %s", HTTPS_MODULE_FILE);
	reason_set(why,
		   "The methods api and enroll require %s, which is missing: "
		   "install the package " PACKAGE_OF_MODULE
		   " (a build --without-api does not include it)",
		   INSTALLED);
	return -ENOENT;
}

/*
 * The dynamic linker's own error. It takes a file that it has no memory for, or no descriptor, for
 * one that does not exist: of the module, we know better. What it "cannot create" are lists and
 * descriptors of its own, in memory.
 */
static int cannot_load(const char *path, const char *text, struct reason *why)
{
	size_t length = strlen(path);

	if (strstr(text, strerrordesc_np(EMFILE)) || strstr(text, strerrordesc_np(ENFILE)))
		return reason_errno(why, EMFILE, "Cannot load the methods api and enroll");
	if (strstr(text, strerrordesc_np(ENOMEM)) || strstr(text, "cannot allocate memory") ||
	    strstr(text, "cannot create ") ||
	    (strncmp(text, path, length) == 0 && strstr(text, strerrordesc_np(ENOENT))))
		return reason_errno(why, ENOMEM, "Cannot load the methods api and enroll");
	reason_set(why,
		   "Cannot load the methods api and enroll: %s; install the missing libraries "
		   "(libcurl, jansson), and the module of the same version as this program",
		   text);
	return -ELIBBAD;
}

static int load(const struct https_module **ret, struct reason *why)
{
	char beside[PATH_MAX];
	const char *path;
	const struct https_module *module;
	void *library;
	int r = find_module(&path, beside, why);

	if (r < 0)
		return r;
	library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (!library)
		return cannot_load(path, dlerror() ?: "", why);
	module = dlsym(library, HTTPS_MODULE_SYMBOL);
	if (!module || strcmp(module->version, PACKAGE_VERSION) != 0) {
		reason_set(why,
			   "%s has version %s, but this program has version " PACKAGE_VERSION
			   "; install the same version of both",
			   path, module ? module->version : "unknown");
		dlclose(library);
		return -ELIBBAD;
	}
	r = module->start();
	if (r < 0) {
		dlclose(library);
		return reason_errno(why, r, "Cannot initialize HTTPS");
	}
	*ret = module;
	return 0;
}

static const struct https_module *loaded;

int https_module_load(const struct https_module **ret, struct reason *why)
{
	int r = loaded ? 0 : load(&loaded, why);

	if (r == 0)
		*ret = loaded;
	return r;
}

_Noreturn void https_module_exit(int status)
{
#ifndef __SANITIZE_ADDRESS__ /* it looks for leaks at the end */
	if (loaded) {
		(void)fflush(NULL);
		_exit(status);
	}
#endif
	exit(status);
}
