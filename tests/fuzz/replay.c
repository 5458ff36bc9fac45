/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Feeds a fuzzer's corpus to its parser, each file once, without libFuzzer: what was found
 * once stays found, under any compiler and sanitizer.
 *
 * Linked as replay_NAME, it reads tests/fuzz/corpus/NAME below the current directory. Each
 * file is announced before it is fed, so that the last line before a crash names the culprit.
 */

#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define LARGEST (4u << 20)

static int is_input(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* Exactly as many bytes as the file has, on the heap: reading past them is a finding. */
static int feed(const char *path)
{
	static uint8_t buf[LARGEST];
	uint8_t *exact;
	size_t size;
	FILE *file;

	file = fopen(path, "re");
	if (!file)
		return -errno;
	size = fread(buf, 1, sizeof(buf), file);
	fclose(file);

	exact = malloc(size ? size : 1);
	if (!exact)
		return -ENOMEM;
	memcpy(exact, buf, size);
	LLVMFuzzerTestOneInput(exact, size);
	free(exact);
	return 0;
}

int main(int argc, char **argv)
{
	struct dirent **entries = NULL;
	const char *name;
	char path[4096];
	int n, failed = 0;

	(void)argc;

	name = strstr(argv[0], "replay_");
	if (!name)
		return EXIT_FAILURE;
	name += strlen("replay_");

	snprintf(path, sizeof(path), "tests/fuzz/corpus/%s", name);
	n = scandir(path, &entries, is_input, alphasort);
	if (n < 0) {
		printf("# %s: %s\n", path, strerror(errno));
		return EXIT_FAILURE;
	}

	printf("1..%d\n", n);
	for (int i = 0; i < n; i++) {
		int r;

		snprintf(path, sizeof(path), "tests/fuzz/corpus/%s/%s", name, entries[i]->d_name);
		printf("# %s\n", path);
		fflush(stdout);
		r = feed(path);
		printf("%sok %d - %s\n", r < 0 ? "not " : "", i + 1, entries[i]->d_name);
		failed |= r < 0;
		free(entries[i]);
	}
	free(entries);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
