/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <locale.h>
#include <unistd.h>

#include "cli/cli.h"

/* So that no socket or pipe of ours ends up where a command expects its input or output. */
static void fill_standard_fds(void)
{
	int fd;

	do {
		fd = open("/dev/null", O_RDWR);
	} while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

int main(int argc, char **argv)
{
	fill_standard_fds();
	setlocale(LC_ALL, "");
	return weir_cli(argc, argv);
}
