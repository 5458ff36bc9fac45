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
DAEMON_PKGS := libbpf libsystemd libmicrohttpd jansson sqlite3 inih libcap-ng
CLI_PKGS := jansson ncursesw
DAEMON_LIBS = $(shell $(PKG_CONFIG) --libs $(DAEMON_PKGS)) -lcgroup -lpthread -lm
CLI_LIBS = $(shell $(PKG_CONFIG) --libs $(CLI_PKGS)) -lm

sources = $(sort $(foreach d,$(1),$(wildcard user/$(d)/*.c)))
objects = $(patsubst user/%.c,$(O)/user/%.o,$(call sources,$(1)))

DAEMON_OBJS := $(call objects,base model kern control api daemon)
CLIENT_OBJS := $(call objects,base client)
CLI_OBJS := $(call objects,cli)
BPF_OBJS := $(patsubst bpf/%.bpf.c,$(O)/bpf/%.o,$(sort $(wildcard bpf/*.bpf.c)))
SKEL := $(O)/gen/weir.skel.h

.PHONY: all
all: $(O)/weir-daemon $(O)/weir ## build the daemon, the command line and libweir

# ---- BPF -------------------------------------------------------------------

# The multiarch directory is where clang's BPF target finds <asm/types.h>. gcc knows its name.
BPF_CFLAGS := -g -O2 -target bpf -mcpu=v3 -std=gnu17 -Wall -Wextra -Wshadow -Wno-unused-parameter \
	-Werror -Iinclude -Ibpf -idirafter /usr/include/$(shell gcc -print-multiarch)

$(O)/bpf/%.o: bpf/%.bpf.c | $(O)/bpf/
	$(call say,BPF)
	$(Q)$(CLANG) $(BPF_CFLAGS) -MMD -MP -c $< -o $@

# The static linker joins them: one object, one set of maps, one skeleton.
$(O)/weir.bpf.o: $(BPF_OBJS)
	$(call say,LINK)
	$(Q)$(BPFTOOL) gen object $@ $^

$(SKEL): $(O)/weir.bpf.o | $(O)/gen/
	$(call say,SKEL)
	$(Q)$(BPFTOOL) gen skeleton $< name weir_programs > $@

# ---- user space ------------------------------------------------------------

$(O)/user/%.o: user/%.c
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP -c $< -o $@

# The skeleton is generated, so make has to know before the first .d file exists.
$(O)/user/kern/bpf.o: $(SKEL)

$(O)/libweir.a: $(CLIENT_OBJS)
	$(call say,AR)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

# Everything but main(): what the unit tests link against.
$(O)/libdaemon.a: $(filter-out %/daemon/main.o,$(DAEMON_OBJS))
	$(call say,AR)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(O)/weir-daemon: $(O)/user/daemon/main.o $(O)/libdaemon.a
	$(call say,LD)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(DAEMON_LIBS)

$(O)/weir: $(CLI_OBJS) $(O)/libweir.a
	$(call say,LD)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(CLI_LIBS)

$(O)/%/:
	@mkdir -p $@

# ---- tests -----------------------------------------------------------------

UNIT_TESTS := $(patsubst tests/unit/%.c,$(O)/tests/unit/%,$(sort $(wildcard tests/unit/test_*.c)))

# A test that is written but not registered is an unused function, and so an error.
$(O)/tests/unit/%: tests/unit/%.c $(O)/libdaemon.a $(O)/libweir.a | $(O)/tests/unit/
	$(call say,TEST)
	$(Q)$(CC) $(ALL_CFLAGS) -Itests/unit -Wunused-function -MMD -MP -MF $@.d $< \
		$(ALL_LDFLAGS) -o $@ $(O)/libdaemon.a $(O)/libweir.a -lcmocka $(DAEMON_LIBS) $(CLI_LIBS)

.PHONY: unit-tests
unit-tests: $(UNIT_TESTS)

.PHONY: clean
clean: ## remove everything that was made
	rm -rf build

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{ printf "  %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

-include $(shell test -d $(O) && find $(O) -name '*.d')
