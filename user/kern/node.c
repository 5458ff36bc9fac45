/* SPDX-License-Identifier: Apache-2.0 */
#include "kern/node.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"

#define MAX_CPUS    8192UL /* no kernel is built for more */
#define VMSTAT_TEXT 16384

/* What a container can get here: affinity may hold us off some, hotplug may have taken others. */
static int count_cpus(uint64_t *ret, struct weir_error *err)
{
	static const size_t size = CPU_ALLOC_SIZE(MAX_CPUS);
	cpu_set_t *set = CPU_ALLOC(MAX_CPUS);
	long online = sysconf(_SC_NPROCESSORS_ONLN);
	int allowed;

	if (!set)
		return weir_fail_memory(err);
	allowed = sched_getaffinity(0, size, set) == 0 ? CPU_COUNT_S(size, set) : -1;
	CPU_FREE(set);
	if (allowed < 1 || online < 1)
		return weir_fail(err, -EIO, "count the CPUs: %s", strerror(errno));
	*ret = (uint64_t)(allowed < online ? allowed : online);
	return 0;
}

/* "01234567-89ab-…" -> its 32 hexadecimal digits as two numbers. */
static int read_boot_id(struct weir_machine *machine, struct weir_error *err)
{
	static const char path[] = "/proc/sys/kernel/random/boot_id";
	char text[64], digits[sizeof(text)];
	size_t n = 0;
	ssize_t len;

	len = weir_file_read(AT_FDCWD, path, text, sizeof(text), err);
	if (len < 0)
		return (int)len;

	for (const char *p = text; *p; p++)
		if (*p != '-')
			digits[n++] = *p;
	digits[n] = '\0';
	if (len != sizeof(machine->boot_id_text) - 1 || n != 32 ||
	    sscanf(digits, "%16" SCNx64 "%16" SCNx64, &machine->boot_id[0], &machine->boot_id[1]) !=
		    2)
		return weir_fail(err, -EIO, "%s holds '%s', expected a UUID", path, text);
	memcpy(machine->boot_id_text, text, (size_t)len + 1);
	return 0;
}

int weir_machine_read(struct weir_machine *ret, struct weir_error *err)
{
	struct weir_machine machine = {};
	struct utsname names;
	struct sysinfo info;
	int r;

	r = count_cpus(&machine.cpus, err);
	if (r == 0)
		r = read_boot_id(&machine, err);
	if (r < 0)
		return r;
	if (sysinfo(&info) < 0 || uname(&names) < 0)
		return weir_fail(err, -errno, "ask the kernel about the machine: %s",
				 strerror(errno));

	machine.mem_bytes = (uint64_t)info.totalram * info.mem_unit;
	snprintf(machine.hostname, sizeof(machine.hostname), "%s", names.nodename);
	snprintf(machine.kernel, sizeof(machine.kernel), "%s", names.release);
	*ret = machine;
	return 0;
}

int weir_node_oom_kills(uint64_t *ret, struct weir_error *err)
{
	char text[VMSTAT_TEXT];
	ssize_t n = weir_file_read(AT_FDCWD, "/proc/vmstat", text, sizeof(text), err);

	if (n < 0)
		return (int)n;
	return weir_keyed_u64(text, "oom_kill", ret) == 0
		       ? 0
		       : weir_fail(err, -EIO, "/proc/vmstat does not say 'oom_kill'");
}
