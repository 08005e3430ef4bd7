/* SPDX-License-Identifier: ISC */
#include "tests/unit/support.h"

#include <dirent.h>
#include <ftw.h>
#include <unistd.h>

/* ------------------------------------------------------------------ directories and files */

int setup_directory(void **state)
{
	const char *base = getenv("TMPDIR");
	char *directory;

	if (asprintf(&directory, "%s/agent-register-test.XXXXXX", base && *base ? base : "/tmp") <
		    0 ||
	    !mkdtemp(directory))
		return -1;
	*state = directory;
	return 0;
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *where)
{
	(void)status, (void)type, (void)where;
	return remove(path);
}

int teardown_directory(void **state)
{
	int r = nftw(*state, remove_entry, 8, FTW_DEPTH | FTW_PHYS);

	free(*state);
	return r;
}

const char *path_in(const char *directory, const char *name)
{
	static char buffers[64][1024];
	static unsigned next;
	char *buffer = buffers[next++ % COUNT(buffers)];

	(void)snprintf(buffer, sizeof buffers[0], "%s/%s", directory, name);
	return buffer;
}

void write_file(const char *path, const void *data, size_t length)
{
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	assert_int_equal(fwrite(data, 1, length, file), length);
	assert_int_equal(fclose(file), 0);
}

void write_text(const char *path, const char *text)
{
	write_file(path, text, strlen(text));
}

char *read_file(const char *path, size_t *ret_length)
{
	FILE *file = fopen(path, "re"), *stream;
	char *text = NULL, bytes[4096];
	size_t length, n;

	if (!file)
		return NULL;
	stream = open_memstream(&text, &length);
	assert_non_null(stream);
	while ((n = fread(bytes, 1, sizeof bytes, file)) > 0)
		(void)fwrite(bytes, 1, n, stream);
	(void)fclose(file);
	(void)fclose(stream);
	if (ret_length)
		*ret_length = length;
	return text;
}

void assert_file(const char *path, const char *text)
{
	char *content = read_file(path, NULL);

	if (!text)
		assert_null(content);
	else {
		assert_non_null(content);
		assert_string_equal(content, text);
	}
	free(content);
}

unsigned count_entries(const char *directory)
{
	DIR *stream = opendir(directory);
	struct dirent *entry;
	unsigned count = 0;

	assert_non_null(stream);
	while ((entry = readdir(stream)))
		count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
	closedir(stream);
	return count;
}

/* ------------------------------------------------------------------ recorded data */

/* Undo the escapes in place. */
static size_t unescape(char *text)
{
	char *to = text;

	for (const char *at = text; *at; at++) {
		unsigned byte = (unsigned char)*at;

		if (*at == '\\') {
			at++;
			byte = *at == 'n'   ? '\n'
			       : *at == 'r' ? '\r'
			       : *at == 't' ? '\t'
					    : (unsigned char)*at;
			if (*at == 'x') {
				assert_int_equal(sscanf(at + 1, "%2x", &byte), 1);
				at += 2;
			}
		}
		*to++ = (char)byte;
	}
	*to = '\0';
	return (size_t)(to - text);
}

void data_open(struct data_file *data, const char *name)
{
	const char *directory = getenv("TEST_DATA");

	if (!directory)
		fail_msg("TEST_DATA is not set: it names the folder tests/data");
	*data = (struct data_file){ .file = fopen(path_in(directory, name), "re") };
	if (!data->file)
		fail_msg("cannot read %s/%s", directory, name);
}

bool data_next(struct data_file *data)
{
	ssize_t length;
	char *rest, *text;

	do {
		length = getline(&data->line, &data->allocated, data->file);
		if (length < 0) {
			(void)fclose(data->file);
			free(data->line);
			return false;
		}
	} while (data->line[0] == '#' || data->line[0] == '\n');

	data->line[strcspn(data->line, "\n")] = '\0';
	data->count = 0;
	data->number++;
	rest = data->line;
	while ((text = strsep(&rest, "\t"))) {
		assert_true(data->count < FIELDS_MAX);
		data->fields[data->count++] = strcmp(text, "-") == 0
						      ? (struct field){ NULL, 0 }
						      : (struct field){ text, unescape(text) };
	}
	for (unsigned i = data->count; i < FIELDS_MAX; i++)
		data->fields[i] = (struct field){ NULL, 0 };
	return true;
}
