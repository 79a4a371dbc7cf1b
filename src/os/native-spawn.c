/*
 * Starts the processes of services: see the common part, which stands before this one in the text that is compiled.
 */

/* ---- spawn: what lies ready for children that begin with the descriptors of their parent ---- */

/*
 * A clone that copies the descriptors of a process which has thousands takes longer than all the rest of a spawn. So the
 * child begins with those of its parent, and makes its own table first of all, of the low numbers alone. Until then the
 * parent goes on opening and closing; what the child is to get therefore lies on low numbers that nobody else uses.
 */
enum { FIRST_STAGED = 16, MOST_STAGED = 32, A_SHARE = 64, WORD_BITS = 64 };

/* The first stays on /dev/null, and so do the others while they have no user. */
static struct {
  int fd;
  request *user;
} staged[MOST_STAGED];
static int staged_count;
/* A child copies the numbers below this one: whole words of the kernel's bitmap. */
static long copied;

/*
 * Takes the numbers, as low as they are to be had. Later calls do nothing. Who may have few descriptors needs them for
 * services, and has few to copy.
 */
void reserve(int nothing) {
  unsigned long limit[2];
  long fd;
  if (staged_count > 0 || raw(SYS_prlimit64, 0, RLIMIT_NOFILE, 0, limit) < 0) return;
  while (staged_count < MOST_STAGED && staged_count < limit[0] / A_SHARE && (fd = raw(SYS_fcntl, nothing, F_DUPFD_CLOEXEC, FIRST_STAGED)) >= 0) {
    staged[staged_count++].fd = fd;
    if (fd >= copied) copied = (fd | (WORD_BITS - 1)) + 1;
  }
}

/* Frees the numbers of children that have a table of their own, or have ended. */
static void unstage(void) {
  int index;
  for (index = 1; index < staged_count; index++) {
    request *user = staged[index].user;
    if (!user || (user->running && !user->has_own_table)) continue;
    raw(SYS_dup3, staged[0].fd, staged[index].fd, O_CLOEXEC);
    staged[index].user = 0;
  }
}

/* Most children read from nothing: the first of the staged numbers leads there as well, and needs no user. */
static int is_staged(const request *r, int at) {
  return r->lists[at] < 0 || (at == 0 && r->flags & READS_NOTHING);
}

/* Stages the child's descriptors. 0 if there is no room, or something is wrong with them: then it gets a copy of all. */
static int stage(request *r) {
  int index = 0, at;
  for (at = 0; at < r->fd_count; at++) {
    if (is_staged(r, at)) continue;
    do index++;
    while (index < staged_count && staged[index].user);
    if (index >= staged_count || raw(SYS_dup3, r->lists[at], staged[index].fd, O_CLOEXEC) < 0) return 0;
    staged[index].user = r;
  }
  for (index = at = 0; at < r->fd_count; at++) {
    if (is_staged(r, at)) continue;
    do index++;
    while (staged[index].user != r);
    r->lists[at] = staged[index].fd;
  }
  if (r->flags & READS_NOTHING) r->lists[0] = staged[0].fd;
  return 1;
}

static long make_own_table(void) {
  return raw(SYS_close_range, copied, 0xffffffffL, CLOSE_RANGE_UNSHARE);
}

/* ---- spawn: the child ---- */

static void fail(request *r, int stage, long error) {
  r->error = -error;
  r->stage = stage;
  for (;;) raw(SYS_exit_group, 127);
}

static void check(request *r, int stage, long result) {
  if (result < 0) fail(r, stage, result);
}

/* The only thing that a child does before it has a table of its own. */
static void part_from_parent(request *r) {
  check(r, FDS, make_own_table());
  r->has_own_table = 1;
}

/* A successor changes the generation first and reads the records after it: it sees our pid, or we see its generation. */
static void announce(request *r) {
  long now[2];
  raw(SYS_clock_gettime, CLOCK_BOOTTIME, now);
  r->record->time = now[0] * 1000000000 + now[1];
  r->record->pid = raw(SYS_getpid, 0);
  if (*r->generation_now != r->generation) fail(r, REVOKED, -ECANCELED);
  r->record->goes_on = 1;
}

/* All sources move above the targets first, so that no target overwrites one that is still needed. -1: nothing is there. */
static void place_descriptors(request *r) {
  int index, count = r->fd_count, *fds = r->lists;
  for (index = 0; index < count; index++) {
    if (fds[index] < 0 || fds[index] >= count) continue;
    fds[index] = raw(SYS_fcntl, fds[index], F_DUPFD, count);
    check(r, index < 3 ? STDIO : FDS, fds[index]);
  }
  for (index = 0; index < count; index++) {
    if (fds[index] < 0) raw(SYS_close, index);
    else check(r, index < 3 ? STDIO : FDS, raw(SYS_dup3, fds[index], index, 0));
  }
  check(r, FDS, raw(SYS_close_range, count, 0xffffffffL, 0));
}

static void set_limits(request *r) {
  unsigned int *limit = (unsigned int *)r->lists + r->fd_count;
  unsigned long pair[2];
  int index;
  /* The runtime raises its own soft limit to the hard one; programs that use select() break when they inherit that. */
  check(r, LIMIT + RLIMIT_NOFILE, raw(SYS_prlimit64, 0, RLIMIT_NOFILE, 0, pair));
  if (pair[0] > USUAL_NOFILE) {
    pair[0] = USUAL_NOFILE;
    check(r, LIMIT + RLIMIT_NOFILE, raw(SYS_prlimit64, 0, RLIMIT_NOFILE, pair, 0));
  }
  for (index = 0; index < r->limit_count; index++, limit += 5) {
    pair[0] = limit[1] | (unsigned long)limit[2] << 32;
    pair[1] = limit[3] | (unsigned long)limit[4] << 32;
    check(r, LIMIT + limit[0], raw(SYS_prlimit64, 0, limit[0], pair, 0));
  }
}

static void take_credentials(request *r) {
  int *groups = r->lists + r->fd_count + 5 * r->limit_count;
  check(r, GROUPS, raw(SYS_setgroups, r->group_count, groups));
  check(r, GID, raw(SYS_setresgid, r->gid, r->gid, r->gid));
  check(r, UID, raw(SYS_setresuid, r->uid, r->uid, r->uid));
}

/* Stands in an environment where the number of the child belongs, which nobody knows sooner. */
static const char own_pid[] = "LISTEN_PID=          ";
enum { OWN_PID_AT = 11 };

static int is_own_pid(const char *variable) {
  int at = 0;
  while (own_pid[at] && variable[at] == own_pid[at]) at++;
  return own_pid[at] == variable[at];
}

static void write_own_pid(request *r) {
  long pid = raw(SYS_getpid, 0), rest;
  char **variable = r->envp, *end;
  while (*variable && !is_own_pid(*variable)) variable++;
  if (!*variable) return;
  end = *variable + OWN_PID_AT;
  for (rest = pid; rest > 0; rest /= 10) end++;
  for (*end = 0; pid > 0; pid /= 10) *--end = '0' + pid % 10;
}

static int last_signal;

/*
 * Half of the signals are real-time ones, which nothing in this process handles: resetting what was inherited for them
 * once, in the parent, saves each child 31 system calls. glibc keeps 32 and 33 for itself. Should one of the others be
 * handled after all, children reset them too.
 */
static void prepare_real_time_signals(void) {
  long action[4];
  int signal;
  last_signal = 33;
  for (signal = 34; signal <= 64; signal++) {
    raw(SYS_rt_sigaction, signal, 0, action, 8);
    if (action[0] == 1) raw(SYS_rt_sigaction, signal, standard_action, 0, 8);
    else if (action[0] != 0) last_signal = signal;
  }
}

/* Nobody insists on 0, which is also what a definition has that says nothing: who may not have that keeps what there is. */
static void set_nice(request *r) {
  long result = raw(SYS_setpriority, 0, 0, r->nice);
  if (r->nice != 0 || result != -EACCES) check(r, NICE, result);
}

static int run_child(void *argument) {
  request *r = argument;
  if (!r->has_own_table) part_from_parent(r);
  if (r->record) announce(r);
  check(r, SETSID, raw(SYS_setsid, 0));
  place_descriptors(r);
  set_limits(r);
  if (r->flags & WITH_NICE) set_nice(r);
  raw(SYS_umask, r->umask);
  if (r->flags & WITH_NO_NEW_PRIVS) check(r, NO_NEW_PRIVS, raw(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
  if (r->flags & WITH_CREDENTIALS) take_credentials(r);
  /* With the service's own rights, as exec is: root must not enter for it where it may not go itself. */
  check(r, CHDIR, raw(SYS_chdir, r->directory));
  write_own_pid(r);
  /* In this order: with the mask open and the supervisor's handlers still set, a signal would run them in here. */
  reset_dispositions(last_signal);
  set_mask(0, 0);
  fail(r, EXEC, raw(SYS_execve, r->path, r->argv, r->envp));
  return 0;
}

/* ---- spawn: the parent ---- */

/* Unlike vfork, this returns when somebody stops the child, or when its exec hangs on a dead file system. */
static void await_exec(request *r, int wait_ms) {
  long until[2];
  if (wait_ms <= 0) return;
  raw(SYS_clock_gettime, CLOCK_MONOTONIC, until);
  until[1] += wait_ms % 1000 * 1000000L;
  until[0] += wait_ms / 1000 + until[1] / 1000000000;
  until[1] %= 1000000000;
  /* 9: FUTEX_WAIT_BITSET, whose deadline is absolute; not PRIVATE, because the kernel's wake at exec is not. */
  while (r->running && raw(SYS_futex, &r->running, 9, 1, until, 0, -1L) != -ETIMEDOUT) {}
  /* We were woken in the middle of its exec: on the same processor it would have to wait for us. */
  if (r->flags & GOES_FIRST) raw(SYS_sched_yield, 0);
}

/* Reaps the child behind a pidfd, which is about to end, and closes the pidfd. */
static void bury(int pidfd) {
  long info[16], limit[2] = {0, 100000000};
  int poll[2] = {pidfd, 1};
  raw(SYS_ppoll, poll, 1, limit, 0);
  raw(SYS_waitid, P_PIDFD, pidfd, info, WEXITED | WNOHANG, 0);
  raw(SYS_close, pidfd);
}

/* Ends a child whose start cannot be completed. */
void discard(int pidfd) {
  raw(SYS_pidfd_send_signal, pidfd, SIGKILL, 0, 0);
  bury(pidfd);
}

static int start(request *r, char *stack_top, int (*run)(void *)) {
  int flags = CLONE_VM | CLONE_PIDFD | CLONE_CHILD_CLEARTID | SIGCHLD | (r->has_own_table ? 0 : CLONE_FILES);
  int pid;
  r->running = 1;
  pid = clone(run, stack_top, flags, r, &r->pidfd, 0, &r->running);
  if (pid >= 0) return pid;
  r->running = 0;
  r->stage = CLONE;
  r->error = *__errno_location();
  return 0;
}

static int run_trial(void *argument) {
  request *r = argument;
  long result = make_own_table();
  if (result == 0) result = raw(SYS_fcntl, staged[0].fd, F_DUPFD, copied) != copied;
  r->error = result;
  for (;;) raw(SYS_exit_group, 0);
  return 0;
}

/*
 * Whether children can make tables of their own here. A filter of system calls may be in the way; and kernels that lack
 * a correction of 2024 leave words of numbers that were full in the parent marked as full in the child, which would run
 * out of descriptors soon: so a word is filled, and the trial child must find it free.
 */
static int try_sharing(request *r, char *stack_top) {
  int fillers[WORD_BITS], count = 0, index;
  long fd = 0;
  while (count < WORD_BITS && fd < copied + WORD_BITS - 1) {
    fd = raw(SYS_fcntl, staged[0].fd, F_DUPFD_CLOEXEC, copied);
    if (fd < 0) break;
    fillers[count++] = fd;
  }
  r->error = EINVAL;
  r->has_own_table = 0;
  if (fd >= copied + WORD_BITS - 1 && start(r, stack_top, run_trial) > 0) {
    await_exec(r, 100);
    if (r->running) r->error = ETIMEDOUT;
    discard(r->pidfd);
  }
  for (index = 0; index < count; index++) raw(SYS_close, fillers[index]);
  return r->error == 0;
}

static int can_share = -1;

/* The pid, whose outcome `settle` tells; 0 if there is none, the reason in the request. */
int spawn(request *r, char *stack_top, int wait_ms) {
  unsigned long old;
  int pid;
  r->stage = r->error = 0;
  r->pidfd = -1;
  if (!index_strings(r)) {
    r->stage = EXEC;
    r->error = EINVAL;
    return 0;
  }
  if (last_signal == 0) prepare_real_time_signals();
  set_mask(-1L, &old);
  if (can_share < 0) can_share = staged_count > 0 && try_sharing(r, stack_top);
  r->stage = r->error = 0;
  unstage();
  r->has_own_table = !(can_share && stage(r));
  pid = start(r, stack_top, run_child);
  if (pid > 0) await_exec(r, wait_ms);
  unstage();
  set_mask(old, 0);
  return pid;
}

/* 0: pending still. 1: it has left our memory, by exec or killed. 2: it failed, and is reaped, its pidfd closed. */
int settle(request *r) {
  int info[32];
  info[4] = 0; /* si_pid */
  /* On older kernels a child that dumps core before its exec does not clear the word. */
  if (r->running && raw(SYS_waitid, P_PIDFD, r->pidfd, info, WEXITED | WNOHANG | WNOWAIT, 0) == 0 && info[4] == 0) {
    unstage();
    return 0;
  }
  r->running = 0;
  unstage();
  if (r->stage == 0) return 1;
  bury(r->pidfd);
  return 2;
}
