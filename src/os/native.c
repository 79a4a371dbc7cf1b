/*
 * What cannot be written in TypeScript: everything between clone or fork and execve, where no JavaScript may run.
 *
 * Compiled in process by TinyCC when it is first needed, so: no headers, no libraries, no inline assembly, nothing that
 * needs a toolchain. A child made by CLONE_VM runs on this process's memory, its thread-local errno included; it therefore makes
 * system calls only through `raw`, which touches nothing but registers, allocates nothing, and writes only to the request
 * that it was given and to its record in the state mapping.
 */

#if defined(__x86_64__)
enum {
  SYS_write = 1, SYS_close = 3, SYS_rt_sigaction = 13, SYS_rt_sigprocmask = 14, SYS_sched_yield = 24, SYS_getpid = 39,
  SYS_clone = 56, SYS_execve = 59,
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
  SYS_exit_group = 94, SYS_waitid = 95, SYS_futex = 98, SYS_clock_gettime = 113, SYS_sched_yield = 124, SYS_rt_sigaction = 134,
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

/* Of libc, by addresses that the TypeScript beside this one defines: see there. */
#define clone ((int (*)(int (*)(void *), void *, int, void *, ...))AT_clone)
#define sigaction ((int (*)(int, const void *, void *))AT_sigaction)
#define __errno_location ((int *(*)(void))AT___errno_location)

enum { EINTR = 4, EACCES = 13, EINVAL = 22, ETIMEDOUT = 110, ECANCELED = 125 };
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
enum { WITH_NICE = 1, WITH_NO_NEW_PRIVS = 2, WITH_CREDENTIALS = 4, GOES_FIRST = 8, READS_NOTHING = 16 };

/* What the child itself writes into the state mapping. */
typedef struct {
  volatile unsigned int pid;
  volatile unsigned int goes_on;
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
