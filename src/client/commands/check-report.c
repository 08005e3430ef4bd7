/* SPDX-License-Identifier: ISC */
#include "client/commands/check-report.h"

#include "client/registration/policy.h"
#include "common/json-text.h"

#include <stdarg.h>
#include <stdio.h>

#define LABEL_WIDTH 12

void check_report_begin(struct check_report *report, const char *section)
{
	(void)snprintf(report->section, sizeof report->section, "%s", section);
	if (!report->is_json)
		terminal_print_heading(report->terminal, section);
}

static void print_json_row(const struct check_report *report, enum terminal_mark mark,
			   const char *layer, const char *text)
{
	static const char *const results[] = {
		[TERMINAL_OK] = "ok",
		[TERMINAL_FAIL] = "failed",
		[TERMINAL_NOTE] = "note",
	};

	printf("%s{", report->rows == 0 ? "{\"checks\":[" : ",");
	print_json_member("section", report->section);
	putchar(',');
	print_json_member("check", layer);
	putchar(',');
	print_json_member("result", results[mark]);
	putchar(',');
	print_json_member("text", text);
	putchar('}');
}

static void print_row(struct check_report *report, enum terminal_mark mark, const char *layer,
		      const char *text)
{
	if (report->is_json)
		print_json_row(report, mark, layer, text);
	else
		terminal_print_row(report->terminal, mark, layer, LABEL_WIDTH, "%s", text);
	report->rows++;
}

void check_ok(struct check_report *report, const char *layer, const char *format, ...)
{
	char text[1024];
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	print_row(report, TERMINAL_OK, layer, text);
}

bool check_bad(struct check_report *report, const char *layer, int outcome, const char *text)
{
	if (*text == '\0')
		return false;
	print_row(report, TERMINAL_FAIL, layer, text);
	if (report->status == 0)
		report->status = outcome_exit_code(outcome);
	return false;
}

bool check_failed(struct check_report *report, const char *layer, enum outcome otherwise, int error,
		  const char *text)
{
	return check_bad(report, layer, outcome_unless_short(otherwise, error), text);
}

void check_note(struct check_report *report, const char *layer, const char *text)
{
	if (*text)
		print_row(report, TERMINAL_NOTE, layer, text);
}

int check_report_end(const struct check_report *report)
{
	if (report->is_json)
		printf("%s],\"exit_status\":%d}\n", report->rows == 0 ? "{\"checks\":[" : "",
		       report->status);
	return report->status;
}
