# SPDX-License-Identifier: Apache-2.0
#
# The BPF programs and their skeletons. Included by the Makefile.

BPF_OBJS := $(patsubst bpf/%.bpf.c,$(O)/bpf/%.o,$(sort $(wildcard bpf/*.bpf.c)))
FENCE_SOURCES := bpf/fence/maps.bpf.c $(filter-out %/maps.bpf.c,$(sort $(wildcard bpf/fence/*.bpf.c)))
FENCE_OBJS := $(FENCE_SOURCES:bpf/%.bpf.c=$(O)/bpf/%.o)
SKEL := $(O)/gen/weir.skel.h $(O)/gen/fence.skel.h

# The multiarch directory is where clang's BPF target finds <asm/types.h>. gcc knows its name
# (and is asked late: `make check` on a fresh system starts without a gcc).
BPF_CFLAGS = -g -O2 -target bpf -mcpu=v3 -std=gnu17 -Wall -Wextra -Wshadow -Wno-unused-parameter \
	-Werror -Iinclude -Ibpf -idirafter /usr/include/$(shell gcc -print-multiarch)

$(O)/bpf/%.o: bpf/%.bpf.c | $(O)/bpf/fence/
	$(call say,BPF)
	$(Q)$(CLANG) $(BPF_CFLAGS) -MMD -MP -c $< -o $@

# The static linker joins them: one object, one set of maps, one skeleton for the meter, and one for
# the fence, which shares some of its maps and fails in another direction.
$(O)/weir.bpf.o: $(BPF_OBJS)
$(O)/fence.bpf.o: $(FENCE_OBJS)
$(O)/%.bpf.o:
	$(call say,LINK)
	$(Q)$(BPFTOOL) gen object $@ $^

$(O)/gen/weir.skel.h: SKEL_NAME = weir_programs
$(O)/gen/fence.skel.h: SKEL_NAME = weir_fence_programs
$(O)/gen/%.skel.h: $(O)/%.bpf.o | $(O)/gen/
	$(call say,SKEL)
	$(Q)$(BPFTOOL) gen skeleton $< name $(SKEL_NAME) > $@
