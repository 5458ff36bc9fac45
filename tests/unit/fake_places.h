/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_TEST_FAKE_PLACES_H
#define WEIR_TEST_FAKE_PLACES_H

/*
 * The fake's calls on containers as places, and on what they may reach: pausing, joining, adopting, policies.
 * fake_controller.h includes it.
 */

int weir_controller_pause(struct weir_controller *controller, const char *id, bool on,
			  struct weir_error *err)
{
	struct weir_container **slot = fake_find(id);

	if (!slot)
		return fake_unknown(id, err);
	pthread_rwlock_wrlock(&controller->lock);
	(*slot)->paused = on;
	pthread_rwlock_unlock(&controller->lock);
	return 0;
}

void weir_join_paths_done(struct weir_join_paths *join)
{
	(void)join;
}

int weir_controller_join(struct weir_controller *controller, const char *id, pid_t pid,
			 const struct weir_peer *peer, struct weir_join_paths *join,
			 struct weir_error *err)
{
	(void)controller;
	if (!fake_find(id))
		return fake_unknown(id, err);
	if (pid == 1)
		return weir_fail(err, -EPERM, "process 1 is no child of %d", peer->pid);
	if (pid == 2)
		return weir_fail(err, -ESRCH, "there is no process 2");
	*join = (struct weir_join_paths){ .n = 1, .list = { { 2, "/sys/fs/cgroup/weir.a" } } };
	return 0;
}

int weir_controller_adopt(struct weir_controller *controller, const struct weir_adoption *what,
			  struct weir_notes *notes, struct weir_error *err)
{
	(void)controller;
	notes->n = 0;
	if (fake_find(what->id))
		return weir_fail(err, -EEXIST, "container '%s' is there already", what->id);
	if (what->enforce)
		return weir_fail(err, -ENODEV, "it has no cpu controller of its own");
	return what->pid == 1 ? weir_fail(err, -ESRCH, "there is no process 1") : 0;
}

int weir_controller_release(struct weir_controller *controller, const char *id,
			    struct weir_error *err)
{
	(void)controller;
	if (!fake_find(id))
		return fake_unknown(id, err);
	return weir_fail(err, -EBUSY, "it uses more memory than its limit was");
}

int weir_controller_set_policy(struct weir_controller *controller, const char *id,
			       const struct weir_net *net, struct weir_error *err)
{
	(void)controller;
	if (!fake_find(id))
		return fake_unknown(id, err);
	return weir_net_check(net, WEIR_TIER_0, err);
}

int weir_controller_name_path(struct weir_controller *controller, const char *name,
			      const char *path, uid_t uid, struct weir_error *err)
{
	(void)controller;
	(void)uid;
	return strcmp(name, "full") == 0 ? weir_fail(err, -ENOSPC, "'%s' is one too many", path)
					 : 0;
}

int weir_controller_name_fd(struct weir_controller *controller, const char *name, int fd,
			    const struct weir_peer *peer, struct weir_error *err)
{
	(void)controller;
	(void)name;
	(void)peer;
	return fd == 7 ? 0 : weir_fail(err, -EINVAL, "fd %d: it is no unix socket", fd);
}

#endif /* WEIR_TEST_FAKE_PLACES_H */
