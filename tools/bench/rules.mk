# SPDX-License-Identifier: Apache-2.0
#
# The benchmarks' programs and the techniques of metering they compare. Included by the Makefile.

BENCH := $(O)/bench
BENCH_PROGRAMS := $(addprefix $(BENCH)/,answers ask changes churn demote fence-attach fence-ops fence-policy \
	fence-target first latency launch memeat meter-load mixed pingpong readall redisload serve spin)
METERS := $(patsubst tools/bench/meter/%,$(BENCH)/%,$(patsubst %.c,%.o,$(wildcard tools/bench/meter/*.bpf.c)))
METERS += $(BENCH)/fence-empty.bpf.o

.PHONY: bench-programs
bench-programs: $(BENCH_PROGRAMS) $(METERS)

$(BENCH)/%.bpf.o: tools/bench/meter/%.bpf.c | $(BENCH)/
	$(call say,BPF)
	$(Q)$(CLANG) $(BPF_CFLAGS) -MMD -MP -c $< -o $@

$(BENCH)/fence-%.bpf.o: tools/bench/fence/%.bpf.c | $(BENCH)/
	$(call say,BPF)
	$(Q)$(CLANG) $(BPF_CFLAGS) -MMD -MP -c $< -o $@

$(BENCH)/%: tools/bench/%.c | $(BENCH)/
	$(call say,LD)
	$(Q)$(CC) $(ALL_CFLAGS) $(BENCH_FLAGS) -MMD -MP $< $(BENCH_OBJS) $(ALL_LDFLAGS) -o $@ $(BENCH_LIBS)

$(addprefix $(BENCH)/,churn latency redisload spin): BENCH_LIBS := -lpthread -lm

# Over the daemon's own writers, with a state that is made up.
$(addprefix $(BENCH)/,answers serve): $(O)/libdaemon.a
$(addprefix $(BENCH)/,answers serve): BENCH_OBJS := $(O)/libdaemon.a
$(addprefix $(BENCH)/,answers serve): BENCH_LIBS = $(DAEMON_LIBS)
$(addprefix $(BENCH)/,answers serve): BENCH_FLAGS := -Itests/unit

# Neither a loader nor position independence: they would be measured too.
$(BENCH)/first: tools/bench/first.c | $(BENCH)/
	$(call say,LD)
	$(Q)$(CC) $(filter-out -fPIE $(SAN_FLAGS),$(ALL_CFLAGS)) -static -MMD -MP $< -o $@

$(BENCH)/fence-%: tools/bench/fence/%.c | $(BENCH)/
	$(call say,LD)
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP $< $(BENCH_OBJS) $(ALL_LDFLAGS) -o $@ $(BENCH_LIBS)

$(BENCH)/fence-attach: BENCH_LIBS = $(shell $(PKG_CONFIG) --libs libbpf)
$(addprefix $(BENCH)/,fence-policy launch): BENCH_OBJS := $(O)/libweir.a
$(addprefix $(BENCH)/,fence-policy launch): BENCH_LIBS = $(CLI_LIBS)
$(addprefix $(BENCH)/,fence-policy launch): $(O)/libweir.a

$(BENCH)/meter-load: tools/bench/meter/load.c | $(BENCH)/
	$(call say,LD)
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP $< $(ALL_LDFLAGS) -o $@ $(shell $(PKG_CONFIG) --libs libbpf)

$(BENCH)/mixed $(BENCH)/pingpong: $(BENCH)/%: tools/bench/meter/%.c | $(BENCH)/
	$(call say,LD)
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP $< $(ALL_LDFLAGS) -o $@ -lpthread
