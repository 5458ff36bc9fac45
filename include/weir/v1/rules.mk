# SPDX-License-Identifier: Apache-2.0
#
# What the .proto files come to for protobuf-c. Included by the Makefile.

PROTOS := $(sort $(wildcard include/weir/v1/*.proto))
PROTO_HEADERS := $(PROTOS:include/%.proto=$(O)/gen/%.pb-c.h)
PROTO_OBJS := $(PROTOS:include/%.proto=$(O)/gen/%.pb-c.o)

$(O)/gen/%.pb-c.c $(O)/gen/%.pb-c.h: include/%.proto $(PROTOS)
	@mkdir -p $(@D)
	$(call say,PROTO)
	$(Q)protoc -Iinclude --c_out=$(O)/gen $<

# Of the generated code only the descriptors are used.
$(O)/gen/%.pb-c.o: $(O)/gen/%.pb-c.c | $(PROTO_HEADERS)
	$(call say,CC)
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP -c $< -o $@

# They are generated, so make has to know before the first .d file exists.
$(filter $(O)/user/api/%.o,$(DAEMON_OBJS)): | $(PROTO_HEADERS)
