/*
 * What cannot be written in TypeScript: everything between clone or fork and execve, where no JavaScript may run.
 *
 * Compiled in process by TinyCC when it is first needed, so: no headers, no inline assembly, nothing that needs a
 * toolchain. A child made by CLONE_VM runs on this process's memory, its thread-local errno included; it therefore makes
 * system calls only through `raw`, which touches nothing but registers, allocates nothing, and writes only to the request
 * that it was given and to its record in the state mapping.
 */

#if defined(__x86_64__)
enum {
  SYS_write = 1, SYS_close = 3, SYS_rt_sigaction = 13, SYS_rt_sigprocmask = 14, SYS_getpid = 39, SYS_clone = 56, SYS_execve = 59,
  SYS_fcntl = 72, SYS_chdir = 80, SYS_umask = 95, SYS_setsid = 112, SYS_setgroups = 116, SYS_setresuid = 117,
  SYS_setresgid = 119, SYS_setpriority = 141, SYS_prctl = 157, SYS_futex = 202, SYS_clock_gettime = 228, SYS_exit_group = 231,
  SYS_waitid = 247, SYS_ppoll = 271, SYS_dup3 = 292, SYS_pipe2 = 293, SYS_prlimit64 = 302, SYS_read = 0
};
/* raw: rax = number, the six arguments move one register down, r10 stands in for rcx; syscall; ret */
__attribute__((section(".text"))) const unsigned char machine_code[] = {
  0x48, 0x89, 0xf8, 0x48, 0x89, 0xf7, 0x48, 0x89, 0xd6, 0x48, 0x89, 0xca, 0x4d, 0x89, 0xc2, 0x4d, 0x89, 0xc8,
  0x4c, 0x8b, 0x4c, 0x24, 0x08, 0x0f, 0x05, 0xc3
};
#elif defined(__aarch64__)
enum {
  SYS_dup3 = 24, SYS_fcntl = 25, SYS_chdir = 49, SYS_close = 57, SYS_pipe2 = 59, SYS_read = 63, SYS_write = 64, SYS_ppoll = 73,
  SYS_exit_group = 94, SYS_waitid = 95, SYS_futex = 98, SYS_clock_gettime = 113, SYS_rt_sigaction = 134,
  SYS_rt_sigprocmask = 135, SYS_setpriority = 140, SYS_setresuid = 147, SYS_setresgid = 149, SYS_setsid = 157,
  SYS_setgroups = 159, SYS_umask = 166, SYS_prctl = 167, SYS_getpid = 172, SYS_clone = 220, SYS_execve = 221,
  SYS_prlimit64 = 261
};
/* raw: x8 = number, the six arguments move one register down; svc 0; ret */
__attribute__((section(".text"))) const unsigned int machine_code[] = {
  0xaa0003e8, 0xaa0103e0, 0xaa0203e1, 0xaa0303e2, 0xaa0403e3, 0xaa0503e4, 0xaa0603e5, 0xd4000001, 0xd65f03c0
};
#endif

/* The same number on both. */
enum { SYS_pidfd_send_signal = 424, SYS_close_range = 436 };

/* raw(number, up to six arguments): a system call whose failure comes back as -errno. */
#define raw(number, ...) raw_padded(number, __VA_ARGS__, 0, 0, 0, 0, 0, 0)
#define raw_padded(number, a, b, c, d, e, f, ...) \
  ((long (*)(long, long, long, long, long, long, long))machine_code)( \
    number, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))

int clone(int (*run)(void *), void *stack, int flags, void *argument, ...);
int sigaction(int signal, const void *action, void *old);
int *__errno_location(void);

enum { EINVAL = 22, ETIMEDOUT = 110, ECANCELED = 125, EINTR = 4 };
enum { SIGKILL = 9, SIGCHLD = 17, SIG_SETMASK = 2 };
enum { F_DUPFD = 0, F_SETFD = 2, F_DUPFD_CLOEXEC = 1030, FD_CLOEXEC = 1, O_CLOEXEC = 02000000, CLOSE_RANGE_UNSHARE = 2 };
enum { P_PID = 1, P_PIDFD = 3, WNOHANG = 1, WEXITED = 4, WNOWAIT = 0x01000000 };
enum { CLONE_VM = 0x100, CLONE_FILES = 0x400, CLONE_PIDFD = 0x1000, CLONE_CHILD_CLEARTID = 0x200000 };
enum { RLIMIT_NOFILE = 7, USUAL_NOFILE = 1024, PR_SET_NO_NEW_PRIVS = 38, CLOCK_MONOTONIC = 1, CLOCK_BOOTTIME = 7 };

/* HUP INT QUIT USR1 USR2 TERM CHLD: those that a new role must not lose between its exec and its handlers. */
static const int kept_signals[7] = {1, 2, 3, 10, 12, 15, 17};
static const unsigned long kept_mask = 1 << 0 | 1 << 1 | 1 << 2 | 1 << 9 | 1 << 11 | 1 << 14 | 1 << 16;

/* Stages and flags: the same numbers stand in the TypeScript that writes requests; a limit's stage is LIMIT + resource. */
enum { CLONE = 1, REVOKED, SETSID, STDIO, FDS, NICE, NO_NEW_PRIVS, GROUPS, GID, UID, CHDIR, EXEC, PIPE, FORK, LIMIT = 64 };
enum { WITH_NICE = 1, WITH_NO_NEW_PRIVS = 2, WITH_CREDENTIALS = 4 };

/* What the child itself writes into the state mapping. */
typedef struct {
  volatile unsigned int pid;
  unsigned int unused;
  volatile unsigned long time; /* CLOCK_BOOTTIME, nanoseconds */
} child_word;

/* Laid out for a writer that knows 32-bit words: see the request encoder. */
typedef struct {
  volatile int running; /* 1 from before clone until the kernel clears it, at exec or at the end */
  int pidfd;
  volatile int stage, error; /* 0, 0 unless it failed */
  int flags, umask, nice, uid, gid;
  int fd_count, limit_count, group_count, argc, envc;
  int text, text_length; /* offset and length: path, directory, arguments, environment, each ended by a NUL */
  unsigned int generation;
  volatile int has_own_table; /* 0 while the child uses the descriptors of its parent, which it must not change then */
  child_word *record;
  volatile unsigned int *generation_now;
  char *path, *directory, **argv, **envp;
  int lists[]; /* fd_count descriptors, limit_count times 5 words, group_count groups */
} request;

/* Where the strings begin; false if their number is not the one announced (a NUL inside one of them). */
static int index_strings(request *r) {
  char *at = (char *)r + r->text, *end = at + r->text_length;
  char **slot = (char **)(((long)end + 7) & ~7L);
  int index = 0, count = 2 + r->argc + r->envc;
  r->argv = slot;
  r->envp = slot + r->argc + 1;
  r->argv[r->argc] = 0;
  r->envp[r->envc] = 0;
  while (at < end && index < count) {
    if (index == 0) r->path = at;
    else if (index == 1) r->directory = at;
    else if (index < 2 + r->argc) r->argv[index - 2] = at;
    else r->envp[index - 2 - r->argc] = at;
    while (*at) at++;
    at++;
    index++;
  }
  return at == end && index == count;
}

/* The kernel's own struct sigaction: handler, flags, restorer, mask. All zero: SIG_DFL. */
static const long standard_action[4];

static void reset_dispositions(int last) {
  int signal;
  for (signal = 1; signal <= last; signal++) raw(SYS_rt_sigaction, signal, standard_action, 0, 8);
}

static void set_mask(unsigned long mask, unsigned long *old) {
  raw(SYS_rt_sigprocmask, SIG_SETMASK, &mask, old, 8);
}

/* ---- spawn: what lies ready for children that begin with the descriptors of their parent ---- */

/*
 * A clone that copies the descriptors of a process which has thousands takes longer than all the rest of a spawn. So the
 * child begins with those of its parent, and makes its own table first of all, of the low numbers alone. Until then the
 * parent goes on opening and closing; what the child is to get therefore lies on low numbers that nobody else uses.
 */
enum { FIRST_STAGED = 16, MOST_STAGED = 32, WORD_BITS = 64 };

/* The first stays on /dev/null, and so do the others while they have no user. */
static struct {
  int fd;
  request *user;
} staged[MOST_STAGED];
static int staged_count;
/* A child copies the numbers below this one: whole words of the kernel's bitmap. */
static long copied;

/* Takes the numbers, as low as they are to be had. Later calls do nothing. */
void reserve(int nothing) {
  long fd;
  if (staged_count > 0) return;
  while (staged_count < MOST_STAGED && (fd = raw(SYS_fcntl, nothing, F_DUPFD_CLOEXEC, FIRST_STAGED)) >= 0) {
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

/* Stages the child's descriptors. 0 if there is no room, or something is wrong with them: then it gets a copy of all. */
static int stage(request *r) {
  int index, taken = 0, at = 0;
  for (index = 1; index < staged_count && taken < r->fd_count; index++) {
    if (staged[index].user) continue;
    if (raw(SYS_dup3, r->lists[taken], staged[index].fd, O_CLOEXEC) < 0) break;
    staged[index].user = r;
    taken++;
  }
  if (taken < r->fd_count) return 0;
  for (index = 1; at < taken; index++)
    if (staged[index].user == r) r->lists[at++] = staged[index].fd;
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
}

/* All sources move above the targets first, so that no target overwrites one that is still needed. */
static void place_descriptors(request *r) {
  int index, count = r->fd_count, *fds = r->lists;
  for (index = 0; index < count; index++) {
    if (fds[index] >= count) continue;
    fds[index] = raw(SYS_fcntl, fds[index], F_DUPFD, count);
    check(r, index < 3 ? STDIO : FDS, fds[index]);
  }
  for (index = 0; index < count; index++) check(r, index < 3 ? STDIO : FDS, raw(SYS_dup3, fds[index], index, 0));
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

static int run_child(void *argument) {
  request *r = argument;
  if (!r->has_own_table) part_from_parent(r);
  if (r->record) announce(r);
  check(r, SETSID, raw(SYS_setsid, 0));
  place_descriptors(r);
  set_limits(r);
  if (r->flags & WITH_NICE) check(r, NICE, raw(SYS_setpriority, 0, 0, r->nice));
  raw(SYS_umask, r->umask);
  if (r->flags & WITH_NO_NEW_PRIVS) check(r, NO_NEW_PRIVS, raw(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
  if (r->flags & WITH_CREDENTIALS) take_credentials(r);
  /* With the service's own rights, as exec is: root must not enter for it where it may not go itself. */
  check(r, CHDIR, raw(SYS_chdir, r->directory));
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
  if (can_share < 0) can_share = try_sharing(r, stack_top);
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

/* ---- roles: this program, executed again ---- */

static void tell(int pipe, int what, int value) {
  int note[2];
  note[0] = what;
  note[1] = value;
  raw(SYS_write, pipe, note, 8);
}

/* Closes everything above 2 but the listed descriptors and `also`, and lets the listed ones survive the exec. */
static int keep_only(request *r, int also) {
  long from = 3, next, index, result;
  for (index = 0; index < r->fd_count; index++) {
    result = raw(SYS_fcntl, r->lists[index], F_SETFD, 0);
    if (result < 0) return result;
  }
  for (;;) {
    next = also >= from ? also : 0x7fffffff;
    for (index = 0; index < r->fd_count; index++)
      if (r->lists[index] >= from && r->lists[index] < next) next = r->lists[index];
    if (next > from) raw(SYS_close_range, from, next - 1, 0);
    if (next == 0x7fffffff) return 0;
    from = next + 1;
  }
}

static void become_daemon(request *r, int pipe) {
  long result = raw(SYS_setsid, 0);
  if (result < 0) tell(pipe, SETSID, -result);
  else if ((result = raw(SYS_clone, SIGCHLD, 0, 0, 0, 0)) != 0) tell(pipe, result < 0 ? FORK : 0, result < 0 ? -result : result);
  else if ((result = keep_only(r, pipe)) < 0) tell(pipe, FDS, -result);
  else {
    reset_dispositions(64);
    set_mask(kept_mask, 0);
    tell(pipe, EXEC, -raw(SYS_execve, r->path, r->argv, r->envp));
  }
  for (;;) raw(SYS_exit_group, 0);
}

/* fork, setsid, fork, exec. The pid of the grandchild once it has executed; 0 if not, the reason in the request. */
int relaunch(request *r) {
  int pipe[2], note[2], daemon = 0;
  long info[16], pid, count;
  unsigned long old;
  r->stage = r->error = 0;
  if (!index_strings(r)) r->stage = EXEC, r->error = EINVAL;
  else if ((count = raw(SYS_pipe2, pipe, O_CLOEXEC)) < 0) r->stage = PIPE, r->error = -count;
  if (r->stage) return 0;
  set_mask(-1L, &old);
  pid = raw(SYS_clone, SIGCHLD, 0, 0, 0, 0);
  if (pid == 0) become_daemon(r, pipe[1]);
  raw(SYS_close, pipe[1]);
  if (pid < 0) r->stage = FORK, r->error = -pid;
  /* The pipe closes itself when the exec succeeds. */
  else while ((count = raw(SYS_read, pipe[0], note, 8)) == 8 || count == -EINTR) {
    if (count != 8) continue;
    if (note[0] == 0) daemon = note[1];
    else r->stage = note[0], r->error = note[1];
  }
  raw(SYS_close, pipe[0]);
  if (pid > 0) raw(SYS_waitid, P_PID, pid, info, WEXITED, 0);
  set_mask(old, 0);
  return r->stage ? 0 : daemon;
}

static int note_pipe;

static void note_signal(int signal) {
  char byte = signal;
  raw(SYS_write, note_pipe, &byte, 1);
}

/* Executes in place. Returns only on failure, with the errno, everything as before. */
int replace(request *r, int pipe) {
  /* glibc's struct sigaction: handler, 128 bytes of mask, flags (SA_RESTART), restorer. */
  long action[19] = {0}, old_actions[7 * 19], result;
  unsigned long old;
  int index;
  if (!index_strings(r)) return EINVAL;
  action[0] = (long)note_signal;
  action[17] = 0x10000000;
  note_pipe = pipe;
  /* Another thread takes a signal that this one has blocked, so the handler is there before the mask. */
  for (index = 0; index < 7; index++) sigaction(kept_signals[index], action, old_actions + 19 * index);
  set_mask(kept_mask, &old);
  for (index = 0; index < r->fd_count; index++) raw(SYS_fcntl, r->lists[index], F_SETFD, 0);
  result = raw(SYS_execve, r->path, r->argv, r->envp);
  for (index = 0; index < r->fd_count; index++) raw(SYS_fcntl, r->lists[index], F_SETFD, FD_CLOEXEC);
  for (index = 0; index < 7; index++) sigaction(kept_signals[index], old_actions + 19 * index, 0);
  set_mask(old, 0);
  return -result;
}

/* ---- signals of the calling thread and of this process ---- */

unsigned long read_mask(void) {
  unsigned long mask = 0;
  raw(SYS_rt_sigprocmask, SIG_SETMASK, 0, &mask, 8);
  return mask;
}

void write_mask(unsigned long mask) {
  set_mask(mask, 0);
}

/* 0: the default. 1: ignored. */
int set_disposition(int signal, int ignored) {
  long action[4] = {0, 0, 0, 0};
  action[0] = ignored;
  return -raw(SYS_rt_sigaction, signal, action, 0, 8);
}

/* Nanoseconds since boot, suspend included. */
double boot_nanoseconds(void) {
  long now[2];
  raw(SYS_clock_gettime, CLOCK_BOOTTIME, now);
  return now[0] * 1e9 + now[1];
}
