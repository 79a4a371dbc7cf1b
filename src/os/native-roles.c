/*
 * Executes this program again, and what little else is not to be done in TypeScript. The common part and the part that
 * spawns stand before this one in the text that is compiled.
 */

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
