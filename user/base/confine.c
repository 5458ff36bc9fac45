/* SPDX-License-Identifier: Apache-2.0 */
#include "base/confine.h"

#include <errno.h>
#include <linux/mount.h>
#include <linux/seccomp.h>
#include <mntent.h>
#include <sched.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/strv.h"

#define LAST_FAMILY  63 /* far above those that there are; whatever is above is refused as one */
#define FILTER_BYTES 65536

/* Of i386's one call for all sockets: its family can't be looked at, so it goes. */
#define CALL_SOCKET	1
#define CALL_SOCKETPAIR 8

static const char *const names[WEIR_FAMILIES_COUNT_] = { "all", "harmless", "unix" };

const char *weir_families_name(enum weir_families families)
{
	return names[families];
}

int weir_families_from_name(const char *name, enum weir_families *ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (strcmp(names[i], name) == 0) {
			*ret = (enum weir_families)i;
			return 0;
		}
	}
	return -EINVAL;
}

/* ---- The filter ---- */

static void scmp_done(scmp_filter_ctx *filter)
{
	if (*filter)
		seccomp_release(*filter);
}

static bool may_be_made(enum weir_families families, int family)
{
	switch (family) {
	case AF_UNIX:
	case AF_INET:
	case AF_INET6:
		return true;
	case AF_NETLINK:
	case AF_ALG:
		return families == WEIR_FAMILIES_HARMLESS;
	default:
		return false;
	}
}

static int refuse(scmp_filter_ctx filter, int call, struct scmp_arg_cmp argument)
{
	return seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), call, 1, argument);
}

static int add_rules(scmp_filter_ctx filter, enum weir_families families)
{
	static const int calls[] = { SCMP_SYS(socket), SCMP_SYS(socketpair) };
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		for (int family = 0; r == 0 && family <= LAST_FAMILY; family++)
			if (!may_be_made(families, family))
				r = refuse(filter, calls[i],
					   SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)family, 0));
		if (r == 0)
			r = refuse(filter, calls[i], SCMP_A0(SCMP_CMP_GT, LAST_FAMILY, 0));
	}
	/* A ring makes sockets that no filter sees; and those of other processes were made outside. */
	if (r == 0)
		r = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(io_uring_setup), 0);
	if (r == 0)
		r = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(pidfd_getfd), 0);
	return r;
}

/* The same machine's other ways to call the kernel. Of one that libseccomp does not know, none works. */
static int add_other_calls(scmp_filter_ctx filter)
{
#if defined(__x86_64__)
	int r = seccomp_arch_add(filter, SCMP_ARCH_X86);

	if (r == 0)
		r = seccomp_arch_add(filter, SCMP_ARCH_X32);
	return r;
#elif defined(__aarch64__)
	return seccomp_arch_add(filter, SCMP_ARCH_ARM);
#else
	return 0;
#endif
}

static int write_filter(scmp_filter_ctx filter, struct sock_fprog *ret, struct weir_error *err)
{
	scoped(closep) int fd = memfd_create("weir-filter", MFD_CLOEXEC);
	scoped(freep) struct sock_filter *code = malloc(FILTER_BYTES);
	ssize_t size;
	int r;

	if (fd < 0 || !code)
		return weir_fail_memory(err);
	r = seccomp_export_bpf(filter, fd);
	if (r < 0)
		return weir_fail(err, r, "write the filter of system calls: %s", strerror(-r));
	size = pread(fd, code, FILTER_BYTES, 0);
	if (size <= 0 || size == FILTER_BYTES)
		return weir_fail(err, -EINVAL, "the filter of system calls is of no use: %zd bytes",
				 size);
	ret->len = (unsigned short)((size_t)size / sizeof(*code));
	ret->filter = take_ptr(code);
	return 0;
}

static int make_filter(enum weir_families families, struct sock_fprog *ret, struct weir_error *err)
{
	scoped(scmp_done) scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	int r = filter ? add_other_calls(filter) : -ENOMEM;

	if (r == 0)
		r = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ERRNO(EPERM));
	if (r == 0)
		r = add_rules(filter, families);
	if (r == 0)
		r = refuse(filter, SCMP_SYS(socketcall), SCMP_A0(SCMP_CMP_EQ, CALL_SOCKET, 0));
	if (r == 0)
		r = refuse(filter, SCMP_SYS(socketcall), SCMP_A0(SCMP_CMP_EQ, CALL_SOCKETPAIR, 0));
	if (r < 0)
		return weir_fail(err, r, "make the filter of system calls: %s", strerror(-r));
	return write_filter(filter, ret, err);
}

/* ---- The mounts ---- */

static bool add_text(char ***list, size_t n, const char *text)
{
	char **grown = reallocarray(*list, n + 2, sizeof(**list));

	if (!grown)
		return false;
	*list = grown;
	grown[n] = strdup(text);
	grown[n + 1] = NULL;
	return grown[n] != NULL;
}

/* All of them: one that is left out is one that can be written. */
static int list_mounts(const char *type, char ***ret, struct weir_error *err)
{
	scoped(weir_strv_freep) char **list = weir_strv_copy(NULL);
	FILE *mounts = setmntent("/proc/self/mounts", "re");
	struct mntent *entry;
	bool ok = list != NULL;
	size_t n = 0;

	if (!mounts)
		return weir_fail(err, -errno, "open '/proc/self/mounts': %s", strerror(errno));
	while (ok && (entry = getmntent(mounts)))
		if (strcmp(entry->mnt_type, type) == 0)
			ok = add_text(&list, n++, entry->mnt_dir);
	endmntent(mounts);
	if (!ok)
		return weir_fail_memory(err);
	*ret = take_ptr(list);
	return 0;
}

int weir_confine_prepare(struct weir_confine *confine, enum weir_families families,
			 const char *const *writable, struct weir_error *err)
{
	*confine = (struct weir_confine){ .on = true };
	if (families != WEIR_FAMILIES_ALL && make_filter(families, &confine->filter, err) < 0)
		return err->code;
	if (list_mounts("cgroup", &confine->mounts, err) < 0 ||
	    list_mounts("cgroup2", &confine->mounts2, err) < 0)
		return err->code;
	if (!writable)
		return 0;
	confine->writable = weir_strv_copy((char *const *)writable);
	return confine->writable ? 0 : weir_fail_memory(err);
}

void weir_confine_done(struct weir_confine *confine)
{
	free(confine->filter.filter);
	weir_strv_free(confine->mounts);
	weir_strv_free(confine->mounts2);
	weir_strv_free(confine->writable);
	*confine = (struct weir_confine){};
}

/* ---- In the child: system calls only ---- */

/* What a filter is for is not seen by the fence: so it may not be there from before, either. */
static int check_standard_files(void)
{
	for (int fd = 0; fd < 3; fd++) {
		int family = 0;
		socklen_t len = sizeof(family);

		if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &len) == 0 &&
		    family != AF_UNIX) {
			errno = ENOTSOCK;
			return -1;
		}
	}
	return 0;
}

static int make_read_only(const char *path)
{
	struct mount_attr attributes = { .attr_set = MOUNT_ATTR_RDONLY };

	return (int)syscall(SYS_mount_setattr, AT_FDCWD, path, 0U, &attributes, sizeof(attributes));
}

/* One that lies below another's mount point can't be reached, nor by the command. */
static bool is_hidden(void)
{
	return errno == ENOENT || errno == EINVAL;
}

static int cover_v1(const struct weir_confine *confine)
{
	for (char **path = confine->writable; path && *path; path++)
		if (mount(*path, *path, NULL, MS_BIND, NULL) < 0)
			return -1;
	for (char **path = confine->mounts; path && *path; path++)
		if (make_read_only(*path) < 0 && !is_hidden())
			return -1;
	return 0;
}

/* Of a kind that is mounted there already mount(2) takes no second one; what is moved there it does take. */
static int mount_over(const char *path, unsigned int attributes)
{
	int fs = fsopen("cgroup2", FSOPEN_CLOEXEC), mounted = -1, r = -1;

	if (fs >= 0 && fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0)
		mounted = fsmount(fs, FSMOUNT_CLOEXEC, attributes);
	if (mounted >= 0)
		r = move_mount(mounted, "", AT_FDCWD, path, MOVE_MOUNT_F_EMPTY_PATH);
	/* Both go with exec at the latest; errno is the caller's. */
	return r;
}

/*
 * To be read-only is not enough there: a process can be born into any group whose directory its parent can open
 * (CLONE_INTO_CGROUP), and no mount is asked. So what is seen is the namespace's own.
 */
static int cover_v2(const struct weir_confine *confine)
{
	unsigned int attributes = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;

	if (!confine->writable)
		attributes |= MOUNT_ATTR_RDONLY;
	for (char **path = confine->mounts2; path && *path; path++)
		if (mount_over(*path, attributes) < 0 && !is_hidden())
			return -1;
	return 0;
}

int weir_confine_enter(const struct weir_confine *confine)
{
	if (!confine->on)
		return 0;
	if (confine->filter.len && check_standard_files() < 0)
		return -1;
	if (unshare(CLONE_NEWNS | CLONE_NEWCGROUP) < 0)
		/* Who is not root can't write there, but to what is left to it. */
		return errno == EPERM && geteuid() != 0 ? 0 : -1;
	/* What is mounted outside later comes in; what is mounted inside stays there. */
	if (mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
		return -1;
	return cover_v1(confine) < 0 ? -1 : cover_v2(confine);
}

int weir_confine_filter(const struct weir_confine *confine, bool gains)
{
	if (!confine->on || !confine->filter.len)
		return 0;
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &confine->filter, 0, 0) == 0)
		return 0;
	if (errno != EACCES || gains || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -1;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &confine->filter, 0, 0);
}
