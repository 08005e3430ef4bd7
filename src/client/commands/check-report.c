/* SPDX-License-Identifier: ISC */
#include "client/commands/check-report.h"

#include "common/json-text.h"

#include <stdio.h>

#define LABEL_WIDTH 12

void check_report_begin(struct check_report *report, const char *section)
{
	report->section = section;
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

void check_report_row(struct check_report *report, enum terminal_mark mark, const char *layer,
		      const char *text)
{
	if (report->is_json)
		print_json_row(report, mark, layer, text);
	else
		terminal_print_row(report->terminal, mark, layer, LABEL_WIDTH, "%s", text);
	report->rows++;
}

void check_report_end(const struct check_report *report, int status)
{
	if (report->is_json)
		printf("%s],\"exit_status\":%d}\n", report->rows == 0 ? "{\"checks\":[" : "",
		       status);
}
