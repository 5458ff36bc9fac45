# SPDX-License-Identifier: Apache-2.0
#
# weir. `make help` lists the targets; everything made goes below build/.
#
#   V=1       show the commands
#   SAN=1     AddressSanitizer and UndefinedBehaviorSanitizer
#   CC=clang  the other compiler (its own build directory)

MAKEFLAGS += --no-builtin-rules
.DELETE_ON_ERROR:
.SECONDARY:

VERSION := 0.1.0
GIT_SHA := $(shell git rev-parse --short=12 HEAD 2>/dev/null)

ifeq ($(origin CC),default)
CC := gcc
endif
CLANG ?= clang-19
PKG_CONFIG ?= pkg-config
# Debian keeps bpftool in sbin, off an ordinary user's PATH.
BPFTOOL ?= $(or $(shell command -v bpftool),/usr/sbin/bpftool)

O := build$(if $(findstring clang,$(CC)),/clang)$(if $(SAN),/san)$(if $(COV),/cov)

Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-8s %s\n' $(1) $(patsubst $(O)/%,%,$@))

WARN := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wformat=2 -Werror
SAN_FLAGS := -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
HARDEN := -fstack-protector-strong -fPIE $(if $(SAN)$(COV),,-D_FORTIFY_SOURCE=2)
CFLAGS ?= -O2 -g
ALL_CFLAGS = -std=gnu17 $(CFLAGS) $(WARN) $(HARDEN) $(if $(SAN),$(SAN_FLAGS)) \
	$(if $(COV),--coverage -O0) -ffile-prefix-map=$(CURDIR)/= \
	-D_GNU_SOURCE -DWEIR_VERSION='"$(VERSION)"' -DWEIR_GIT_SHA='"$(GIT_SHA)"' \
	-Iinclude -Iuser -I$(O)/gen
ALL_LDFLAGS = -pie -Wl,-z,relro,-z,now $(LDFLAGS) $(if $(SAN),$(SAN_FLAGS)) $(if $(COV),--coverage)

# Which libraries each floor may lean on; tools/check-floors checks the includes.
DAEMON_PKGS := libbpf libsystemd libmicrohttpd jansson libprotobuf-c sqlite3 inih libcap-ng libseccomp
CLI_PKGS := jansson libcap-ng libseccomp ncursesw
DAEMON_LIBS = $(shell $(PKG_CONFIG) --libs $(DAEMON_PKGS)) -lcgroup -lpthread -lm
CLI_LIBS = $(shell $(PKG_CONFIG) --libs $(CLI_PKGS)) -lm

sources = $(sort $(foreach d,$(1),$(wildcard user/$(d)/*.c)))
objects = $(patsubst user/%.c,$(O)/user/%.o,$(call sources,$(1)))

DAEMON_OBJS := $(call objects,base metrics model kern control api daemon)
CLIENT_OBJS := $(call objects,base client)
CLI_OBJS := $(call objects,metrics cli)

.PHONY: all
all: $(O)/weir-daemon $(O)/weir ## build the daemon, the command line and libweir

include bpf/rules.mk
include include/weir/v1/rules.mk

# ---- user space ------------------------------------------------------------

$(O)/user/%.o: user/%.c
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP -c $< -o $@

# What tells the commit is built anew when it is another one.
TELLS_COMMIT := $(shell grep -rl WEIR_GIT_SHA --include='*.c' user tests/unit)

.PHONY: FORCE
$(O)/gen/commit: FORCE | $(O)/gen/
	@echo '$(GIT_SHA)' | cmp -s - $@ || echo '$(GIT_SHA)' >$@

$(patsubst %.c,$(O)/%.o,$(filter user/%,$(TELLS_COMMIT))): $(O)/gen/commit
$(patsubst %.c,$(O)/%,$(filter tests/%,$(TELLS_COMMIT))): $(O)/gen/commit

# The skeleton is generated, so make has to know before the first .d file exists.
$(filter $(O)/user/kern/bpf%.o $(O)/user/kern/fence%.o,$(DAEMON_OBJS)): | $(SKEL)

$(O)/libweir.a: $(CLIENT_OBJS)
	$(call say,AR)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

# Everything but main(): what the unit tests link against.
$(O)/libdaemon.a: $(filter-out %/daemon/main.o,$(DAEMON_OBJS)) $(PROTO_OBJS)
	$(call say,AR)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(O)/libcli.a: $(filter-out %/cli/main.o,$(CLI_OBJS))
	$(call say,AR)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(O)/weir-daemon: $(O)/user/daemon/main.o $(O)/libdaemon.a
	$(call say,LD)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(DAEMON_LIBS)

$(O)/weir: $(O)/user/cli/main.o $(O)/libcli.a $(O)/libweir.a
	$(call say,LD)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(CLI_LIBS)

$(O)/%/:
	@mkdir -p $@

# ---- tests -----------------------------------------------------------------

# A sanitizer can't follow a child that borrows its parent's memory.
PLAIN_TESTS := $(O)/tests/unit/test_borrow
UNIT_TESTS := $(filter-out $(if $(SAN),$(PLAIN_TESTS)), \
	$(patsubst tests/unit/%.c,$(O)/tests/unit/%,$(sort $(wildcard tests/unit/test_*.c))))
SYSTEM_TESTS := $(sort $(filter-out %.c,$(wildcard tests/system/test_*)))
SYSTEM_HELPERS := $(patsubst %.c,$(O)/%,$(filter-out %.bpf.c,$(wildcard tests/system/*.c))) \
	$(patsubst %.c,$(O)/%.o,$(wildcard tests/system/*.bpf.c))
FUZZERS := $(patsubst tests/fuzz/fuzz_%.c,%,$(sort $(wildcard tests/fuzz/fuzz_*.c)))

TEST_ARCHIVES := $(O)/libdaemon.a $(O)/libcli.a $(O)/libweir.a
TEST_LIBS = $(TEST_ARCHIVES) $(DAEMON_LIBS) $(CLI_LIBS)
RUN := tests/run --logs build/test-logs
GROUP_SUFFIX := $(if $(SAN),-san)$(if $(COV),-cov)$(if $(findstring clang,$(CC)),-clang)

# A test that is written but not registered is an unused function, and so an error.
$(O)/tests/unit/%: tests/unit/%.c $(TEST_ARCHIVES) | $(O)/tests/unit/
	$(call say,TEST)
	$(Q)$(CC) $(ALL_CFLAGS) -Itests/unit -Wunused-function -MMD -MP -MF $@.d $< \
		$(ALL_LDFLAGS) -o $@ -lcmocka $(TEST_LIBS)

# What runs inside containers stands alone: no loader, no library.
$(O)/tests/system/%: tests/system/%.c | $(O)/tests/system/
	$(call say,TEST)
	$(Q)$(CC) $(ALL_CFLAGS) -static -MMD -MP -MF $@.d $< -o $@

# What others do with BPF, beside whom the fence is looked at.
$(O)/tests/system/%.bpf.o: tests/system/%.bpf.c | $(O)/tests/system/
	$(call say,BPF)
	$(Q)$(CLANG) $(BPF_CFLAGS) -MMD -MP -c $< -o $@

# One parser, twice: fed by a plain loop over the corpus, and by libFuzzer.
$(O)/tests/fuzz/%.o: tests/fuzz/%.c | $(O)/tests/fuzz/
	$(call say,CC)
	$(Q)$(CC) $(ALL_CFLAGS) -Itests/unit -MMD -MP -c $< -o $@

$(O)/tests/fuzz/replay_%: $(O)/tests/fuzz/fuzz_%.o $(O)/tests/fuzz/replay.o $(TEST_ARCHIVES)
	$(call say,LD)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $(filter %.o,$^) -lcmocka $(TEST_LIBS)

$(O)/tests/fuzz/fuzz_%: $(O)/tests/fuzz/fuzz_%.o $(TEST_ARCHIVES)
	$(call say,LD)
	$(Q)$(CC) $(ALL_LDFLAGS) -fsanitize=fuzzer -o $@ $< -lcmocka $(TEST_LIBS)

REPLAYS := $(FUZZERS:%=$(O)/tests/fuzz/replay_%)

.PHONY: unit-tests unit unit-plain replay tools-tests system test fuzz fuzzers budget
unit-tests: $(UNIT_TESTS) $(REPLAYS)

unit: $(UNIT_TESTS)
	$(Q)$(RUN) --group unit$(GROUP_SUFFIX) $^

unit-plain: $(PLAIN_TESTS)
	$(Q)$(RUN) --group unit-plain $^

replay: $(REPLAYS)
	$(Q)$(RUN) --group replay$(GROUP_SUFFIX) $^

tools-tests:
	$(Q)$(RUN) --group tools $(sort $(wildcard tests/tools/test_*.sh))

test: ## unit tests and corpus, plain and with sanitizers
	$(Q)$(RUN) --reset
	$(Q)$(MAKE) --no-print-directory unit replay
	$(Q)$(MAKE) --no-print-directory SAN=1 unit replay
	$(Q)$(RUN) --total

# What the system tests run, here or in a guest.
.PHONY: system-programs
system-programs: all $(SYSTEM_HELPERS) $(O)/tools/budget

# Two at a time, as most of them wait; what counts the time of CPUs says so in its head, and goes alone.
system: system-programs ## what the kernel does with containers; needs root
	$(Q)mkdir -p build/test-logs/native
	$(Q)WEIR_BUILD=$(abspath $(O)) $(RUN) --group system --seconds 300 --jobs 2 \
		--report build/test-logs/native $(SYSTEM_TESTS)
	$(Q)$(O)/weir doctor --json >build/test-logs/native/doctor.json || :

# ---- other kernels ---------------------------------------------------------

KERNEL ?= lts
GUEST ?= unified
TESTS ?=
VMTEST = WEIR_BUILD=$(abspath $(O)) tools/vmtest

# One line a guest of tests/guests: KERNEL@KIND.
GUESTS = $(shell awk -F '|' '!/^\#/ && NF == 5 { n = split($$2, k, " "); \
	for (i = 1; i <= n; i++) { gsub(/ /, "", $$1); print k[i] "@" $$1 } }' tests/guests)
# Two at most, and none that has to share its CPUs: both together would take longer (docs/design.md).
GUEST_JOBS := $(shell n=$$(($$(nproc) / 2)); echo $$((n < 1 ? 1 : n > 2 ? 2 : n)))
SMOKE := TESTS=test_budget*,test_start*,test_bursting*,test_stats*

.PHONY: vmtest vmtest-all
# A kernel given by its path needs nothing of apt, and no root.
vmtest: system-programs ## the system tests on another kernel: KERNEL=6.12 GUEST=unified TESTS=GLOB
	$(Q)$(if $(findstring /,$(KERNEL)),,tools/setup vm $(shell tools/kernels series $(KERNEL)))
	$(Q)$(VMTEST) $(KERNEL) --guest $(GUEST) 'TESTS=$(TESTS)'

vmtest-all: system-programs ## on every kernel, in every kind of guest
	$(Q)tools/setup vm
	$(Q)$(MAKE) --no-print-directory -k -j$(GUEST_JOBS) $(GUESTS:%=guest-%)

guest-%:
	$(Q)$(VMTEST) $(firstword $(subst @, ,$*)) --guest $(lastword $(subst @, ,$*)) 'TESTS=$(TESTS)'

smoke-%:
	$(Q)$(VMTEST) $* '$(SMOKE)'

FUZZ_SECONDS ?= 30
FUZZ_MAKE = $(MAKE) --no-print-directory O=build/fuzz CC=$(CLANG) SAN=1 \
	CFLAGS='-O1 -g -fsanitize=fuzzer-no-link'

fuzz: ## look for input that breaks a parser, FUZZ_SECONDS each
	$(Q)$(FUZZ_MAKE) fuzzers
	$(Q)$(MAKE) --no-print-directory $(FUZZERS:%=fuzz-%)

fuzzers: $(FUZZERS:%=$(O)/tests/fuzz/fuzz_%)

# New input goes to the first directory; the corpus in the tree grows by hand.
fuzz-%:
	$(Q)mkdir -p build/fuzz/corpus/$*
	$(Q)build/fuzz/tests/fuzz/fuzz_$* -max_total_time=$(FUZZ_SECONDS) -print_final_stats=1 \
		-artifact_prefix=build/fuzz/$*- $(patsubst %,-dict=%,$(wildcard tests/fuzz/$*.dict)) \
		build/fuzz/corpus/$* tests/fuzz/corpus/$*

# A small program on the daemon's own floor.
$(O)/tools/budget: tools/budget.c $(O)/libdaemon.a | $(O)/tools/
	$(call say,LD)
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP -MF $@.d $< $(ALL_LDFLAGS) -o $@ $(O)/libdaemon.a \
		$(DAEMON_LIBS)

budget: $(O)/tools/budget ## instructions verified and time to load, per BPF program; see tests/bpf-budget.txt
	$(Q)WEIR_BUILD=$(O) tools/insn-budget

# Lines of what is pure: the model, and whatever takes bytes from outside.
COVERED := user/model/ user/base/quantity user/api/(json|tree|field|decode|convert|wire|out|media|kinds) user/client/decode

.PHONY: coverage
coverage: ## line coverage of the model and the codecs, at least 90 %
	$(Q)$(MAKE) --no-print-directory COV=1 unit replay
	$(Q)gcovr --root . --object-directory build/cov $(COVERED:%=--filter '%') \
		--exclude-unreachable-branches --fail-under-line 90

# ---- how the source has to look --------------------------------------------

C_FILES = $(shell find user bpf docs/examples include tests tools -name '*.[ch]')
SHELL_FILES = $(shell grep -rlE '^\#!/bin/(ba)?sh|^\# shellcheck shell=' --exclude-dir=corpus --exclude='*.md' .ci tests tools)

.PHONY: fmt format-check lint tidy cppcheck shellcheck spelling floors
fmt: ## format all C
	$(Q)clang-format-19 -i $(C_FILES)

format-check:
	$(Q)clang-format-19 --dry-run --Werror $(C_FILES)

floors: ## who includes what; licences, lengths
	$(Q)tools/check-floors
	$(Q)tools/check-tree

lint: tidy cppcheck shellcheck spelling ## clang-tidy, cppcheck, shellcheck, codespell

TIDY_FLAGS = $(filter-out -Werror,$(WARN)) -std=gnu17 -D_GNU_SOURCE \
	-DWEIR_VERSION='""' -DWEIR_GIT_SHA='""' -Iinclude -Iuser -Itests/unit -I$(O)/gen
TIDY := $(patsubst %.c,$(O)/tidy/%.ok,$(filter-out %.bpf.c,$(wildcard user/*/*.c tests/*/*.c)))

tidy: $(TIDY)

# One file at a time, again only when it or a header of its changed.
$(O)/tidy/%.ok: %.c .clang-tidy $(SKEL) | $(PROTO_HEADERS)
	@mkdir -p $(@D)
	$(call say,TIDY)
	$(Q)clang-tidy-19 --quiet $< -- $(TIDY_FLAGS) 2>$@.log || { cat $@.log; exit 1; }
	$(Q)$(CLANG) $(TIDY_FLAGS) -MM -MP -MT $@ -MF $@.d $<
	$(Q)touch $@

# It does not know cleanup functions: all they free seems leaked. And NULL is a pointer in POSIX.
# A test that gets no memory or no file may as well fail at once. Too many branches are no finding.
cppcheck: | $(O)/cppcheck/
	$(Q)cppcheck --quiet --std=c11 --enable=warning,performance,portability --inline-suppr \
		--suppress=memleak --suppress=resourceLeak --suppress=varFuncNullUB \
		--suppress=normalCheckLevelMaxBranches \
		--suppress='nullPointerOutOfMemory:tests/*' \
		--suppress='nullPointerOutOfResources:tests/*' \
		--suppress='nullPointerArithmeticOutOfMemory:tests/*' \
		--error-exitcode=1 --cppcheck-build-dir=$(O)/cppcheck --include=tools/cppcheck.h \
		-D_GNU_SOURCE -DWEIR_VERSION='""' -DWEIR_GIT_SHA='""' -Iinclude -Iuser user tests

shellcheck:
	$(Q)shellcheck -x $(SHELL_FILES)

# "to and fro", CapInh of /proc, the caf of a cafe cut short; and in "\nin" the word is what follows the newline.
spelling:
	$(Q)codespell --quiet-level 2 --ignore-words-list fro,inh,caf --ignore-regex '\\[nrt]' \
		--skip tests/fuzz/corpus \
		.ci README.md CHANGELOG.md Makefile bpf dist docs include tests tools user

# ---- before a commit -------------------------------------------------------

# Each step counts as one test, so that the closing line comes whatever failed.
JOBS := $(shell nproc)
SUBMAKE = $(MAKE) --no-print-directory -j$(JOBS)
step = $(RUN) --group check --seconds 1500 --step $(1) -- $(SUBMAKE) $(2) || :

.PHONY: check check-steps check-guests check-all
check: ## everything that has to hold before a commit
	$(Q)tools/setup check
	$(Q)tools/setup vm 6.1 6.12 7.3
	$(Q)$(RUN) --reset
	+$(Q)$(MAKE) --no-print-directory check-steps
	+$(Q)$(MAKE) --no-print-directory check-guests
	$(Q)$(RUN) --total

# What is cheap and says most goes first; the kernel last.
check-steps:
	+$(Q)$(call step,floors,floors)
	+$(Q)$(call step,format,format-check)
	+$(Q)$(call step,build,all bench-programs)
	+$(Q)$(call step,lint,-k lint)
	+$(Q)$(call step,build-tests,SAN=1 unit-tests)
	+$(Q)$(MAKE) --no-print-directory tools-tests || :
	+$(Q)$(MAKE) --no-print-directory -k SAN=1 unit replay || :
	+$(Q)$(MAKE) --no-print-directory unit-plain || :
	+$(Q)$(MAKE) --no-print-directory system || :

# A whole guest, two in which the main things are looked at, and what is only where systemd runs.
check-guests: system-programs
	+$(Q)$(MAKE) --no-print-directory guest-6.12@unified || :
	+$(Q)$(MAKE) --no-print-directory guest-6.12@systemd TESTS=test_systemd.sh || :
	+$(Q)$(MAKE) --no-print-directory -k -j$(GUEST_JOBS) smoke-6.1 smoke-7.3 || :

check-all: export WEIR_TEST_TIERS := all
check-all: ## check on every kernel; and the other compiler, plain tests, coverage, new fuzz input
	$(Q)tools/setup check
	$(Q)$(RUN) --reset
	+$(Q)$(MAKE) --no-print-directory check-steps
	+$(Q)$(call step,build-clang,CC=$(CLANG) all unit-tests)
	+$(Q)$(MAKE) --no-print-directory -k unit replay || :
	+$(Q)$(MAKE) --no-print-directory -k CC=$(CLANG) unit replay || :
	+$(Q)$(call step,coverage,coverage)
	+$(Q)$(call step,fuzz,fuzz)
	+$(Q)$(MAKE) --no-print-directory vmtest-all || :
	$(Q)$(RUN) --total

# ---- measuring -------------------------------------------------------------

include tools/bench/rules.mk

# ---- for people ------------------------------------------------------------

.PHONY: demo bench conformance fence-doc install
demo: ## set up, build, and see two bursters beside a service
	$(Q)tools/setup demo
	+$(Q)$(SUBMAKE) -s all $(addprefix $(BENCH)/,latency memeat spin) $(O)/tests/system/reach
	$(Q)WEIR_BUILD=$(O) tools/demo

bench: ## the figures of docs/benchmarks.md, measured here, side by side
	$(Q)tools/setup bench
	+$(Q)$(SUBMAKE) all bench-programs
	$(Q)tools/bench/run --build $(O)
	$(Q)tools/bench/report

conformance: ## docs/conformance.md and docs/kernels.md, from what the last runs left
	$(Q)tools/conformance

fence-doc: ## docs/fence.md, from the same, of the fence's tests
	$(Q)tools/fence-doc

PREFIX ?= /usr/local
INSTALL ?= install
MAN_PAGES := $(wildcard docs/man/*.[1-8])

install: all ## into DESTDIR and PREFIX
	$(INSTALL) -D -m 755 $(O)/weir-daemon $(DESTDIR)$(PREFIX)/sbin/weir-daemon
	$(INSTALL) -D -m 755 $(O)/weir $(DESTDIR)$(PREFIX)/bin/weir
	$(INSTALL) -D -m 644 $(O)/libweir.a $(DESTDIR)$(PREFIX)/lib/libweir.a
	$(INSTALL) -D -m 644 -t $(DESTDIR)$(PREFIX)/include/weir include/weir/*.h
	$(INSTALL) -D -m 644 -t $(DESTDIR)$(PREFIX)/include/weir/v1 include/weir/v1/*.proto
	$(INSTALL) -D -m 644 -t $(DESTDIR)$(PREFIX)/share/doc/weir docs/weir.conf.example docs/api.md \
		docs/examples/agent.c
	$(INSTALL) -D -m 644 -t $(DESTDIR)$(PREFIX)/lib/systemd/system dist/systemd/*
	$(foreach page,$(MAN_PAGES),$(INSTALL) -D -m 644 $(page) \
		$(DESTDIR)$(PREFIX)/share/man/man$(patsubst .%,%,$(suffix $(page)))/$(notdir $(page)) &&) :

.PHONY: clean
clean: ## remove everything that was made
	rm -rf build

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{ printf "  %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

-include $(shell test -d $(O) && find $(O) -name '*.d')
