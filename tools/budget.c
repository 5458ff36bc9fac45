/* SPDX-License-Identifier: Apache-2.0 */
/*
 * budget: what the BPF programs cost the verifier on this kernel.
 *
 * Loads them below a pin directory of its own and prints a line a program: its name, the
 * instructions the verifier went through, and the bytes of machine code; then how long loading
 * and attaching all of them took. tools/insn-budget compares.
 */
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "kern/bpf.h"

static void print_program(const char *name, uint32_t verified_insns, uint32_t jited_bytes,
			  void *data)
{
	(void)data;

	printf("%-16s %8u %8u\n", name, verified_insns, jited_bytes);
}

static double now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

int main(void)
{
	scoped(weir_bpf_closep) struct weir_bpf *bpf = NULL;
	char pin_dir[64];
	const struct weir_bpf_options options = { .pin_dir = pin_dir,
						  .container_level = 1,
						  .reader_gid = (gid_t)-1 };
	struct weir_error err = {}, purge_err = {};
	enum weir_bpf_start start;
	double began;
	int r;

	snprintf(pin_dir, sizeof(pin_dir), "/sys/fs/bpf/weirbudget-%d", (int)getpid());
	began = now_ms();
	r = weir_bpf_open(&options, &bpf, &start, &err);
	began = now_ms() - began;
	if (r == 0)
		r = weir_bpf_foreach_program(bpf, print_program, NULL, &err);
	if (r == 0)
		printf("# loaded and attached in %.1f ms\n", began);
	else
		fprintf(stderr, "budget: %s\n", err.text);
	if (weir_bpf_purge(pin_dir, &purge_err) < 0)
		fprintf(stderr, "budget: %s\n", purge_err.text);
	return r == 0 ? 0 : 1;
}
