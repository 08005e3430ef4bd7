/* SPDX-License-Identifier: ISC */
/*
 * Where a text stops being JSON: what jansson reads has no fault, and a fault is within the text.
 */
#include "fuzz.h"

#include "registrar/api/json-fault.h"

#include <jansson.h>
#include <stdio.h>

/* The words, and then "line L column C (char N)". */
static void check_message(const char *message, size_t length)
{
	const char *place = strstr(message, ": line ");
	unsigned long line, column, character;

	HOLDS(place &&
	      sscanf(place, ": line %lu column %lu (char %lu)", &line, &column, &character) == 3);
	HOLDS(line > 0 && column > 0 && character <= length && column <= character + 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	char message[128] = "";
	enum api_json_fault fault = api_json_fault_find(message, sizeof message, text, size);
	json_t *value = json_loadb(text, size, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);

	if (fault == API_JSON_BROKEN)
		check_message(message, size);
	/* jansson takes a NUL behind a value for the end */
	HOLDS(!value || fault != API_JSON_BROKEN || memchr(text, '\0', size));
	json_decref(value);
	return 0;
}
