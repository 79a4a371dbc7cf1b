/*
 * Reads /proc: what is read for each of a thousand processes, or at each end of one, is read here.
 *
 * Compiled in process by TinyCC when it is first needed, so: no headers, no libraries, nothing that needs a toolchain. For the main thread
 * only, as the buffers are shared. Every function returns a count, or a negative errno.
 */

/* Of libc, by addresses that the TypeScript beside this one defines: see there. */
#define open ((int (*)(const char *, int, ...))AT_open)
#define openat ((int (*)(int, const char *, int, ...))AT_openat)
#define close ((int (*)(int))AT_close)
#define read ((long (*)(int, void *, unsigned long))AT_read)
#define fcntl ((int (*)(int, int, int))AT_fcntl)
#define lseek ((long (*)(int, long, int))AT_lseek)
#define getdents64 ((long (*)(int, void *, unsigned long))AT_getdents64)
#define sysconf ((long (*)(int))AT_sysconf)
#define waitid ((int (*)(int, unsigned int, void *, int))AT_waitid)
#define __errno_location ((int *(*)(void))AT___errno_location)

enum { ENOENT = 2, E2BIG = 7, EAGAIN = 11, ENFILE = 23, EMFILE = 24 };
enum { O_RDONLY = 0, O_CLOEXEC = 02000000, O_PATH = 010000000, F_DUPFD_CLOEXEC = 1030 };
/* Of glibc's sysconf. */
enum { SC_CLK_TCK = 2, SC_PAGESIZE = 30 };
/* PID_MAX_LIMIT of the kernel: every number is below it. */
enum { NUMBERS = 4194304, MOST_THREADS = 64 };

static char text[16384];

static long failure(void) {
  return -*__errno_location();
}

static char *put(char *at, const char *words) {
  while (*words) *at++ = *words++;
  *at = 0;
  return at;
}

static char *put_number(char *at, unsigned int number) {
  char digits[12], *digit = digits;
  do *digit++ = '0' + number % 10;
  while (number /= 10);
  while (digit > digits) *at++ = *--digit;
  *at = 0;
  return at;
}

/* The number that is all of the word, or 0. */
static unsigned int number_of(const char *word) {
  unsigned int number = 0;
  for (; *word >= '0' && *word <= '9'; word++) number = number * 10 + (*word - '0');
  return *word ? 0 : number;
}

/* /proc itself, held open: what is mounted there may be covered or taken away while services run. */
static int proc = -1;

/*
 * As many numbers as are read with at the same time. They are let go of for a moment when there are no others: whoever takes a
 * shortage for the end of a process would forget one that lives.
 */
enum { SPARE = 2 };
static int spare[SPARE] = {-1, -1};

static void refill(void) {
  int index;
  for (index = 0; index < SPARE; index++)
    if (spare[index] < 0) spare[index] = fcntl(proc, F_DUPFD_CLOEXEC, 0);
}

int hold_proc(void) {
  if (proc < 0) {
    proc = open("/proc", O_PATH | O_CLOEXEC);
    if (proc >= 0) refill();
  }
  return proc;
}

/* `path` is below /proc; to be closed by close_below. -1: see errno. */
static int open_below(const char *path) {
  int fd = hold_proc() < 0 ? -1 : openat(proc, path, O_RDONLY | O_CLOEXEC), index;
  for (index = 0; fd < 0 && index < SPARE; index++) {
    if (*__errno_location() != EMFILE && *__errno_location() != ENFILE) break;
    if (spare[index] < 0) continue;
    close(spare[index]);
    spare[index] = -1;
    fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
  }
  return fd;
}

static void close_below(int fd) {
  int index, is_whole = 1;
  close(fd);
  for (index = 0; index < SPARE; index++) is_whole &= spare[index] >= 0;
  if (!is_whole) refill();
}

/* As much of a file below /proc as there is; -E2BIG: more than fits. */
int read_text(const char *path, char *bytes, int most) {
  int fd = open_below(path), count = 0;
  long size = 0;
  if (fd < 0) return failure();
  while (count < most && (size = read(fd, bytes + count, most - count)) > 0) count += size;
  if (size < 0) size = failure();
  close_below(fd);
  return size < 0 ? size : count == most ? -E2BIG : count;
}

/* ---- one process: proc_pid_stat(5) ---- */

/* As the reader of rows knows it. The last but one is a bitmap of the signals 1 to 31 that are caught. */
typedef struct {
  int pid, parent, group, session, state, caught;
  unsigned int start_low, start_high;
} row;

/* What follows the state of a process: field 4 of proc_pid_stat(5) is the first. 0: there is no such process. */
static int read_fields(int pid, int *state, unsigned long *fields) {
  unsigned long number = 0;
  char path[40], *at, *end;
  int fd, field = 0;
  long size;
  put(put_number(path, pid), "/stat");
  fd = open_below(path);
  if (fd < 0) {
    size = failure();
    return size == -EMFILE || size == -ENFILE ? size : 0;
  }
  size = read(fd, text, sizeof(text));
  close_below(fd);
  if (size <= 0) return 0;
  /* The name stands in parentheses and may itself contain any character, these included. */
  end = text + size;
  for (at = end; at > text && at[-1] != ')';) at--;
  if (at == text || end - at < 3) return 0;
  *state = at[1];
  for (at += 3; at < end && field < 31; at++) {
    if (*at >= '0' && *at <= '9') number = number * 10 + (*at - '0');
    else if (*at == ' ' || *at == '\n') {
      fields[field++] = number;
      number = 0;
    }
  }
  return field == 31;
}

/* 1: the row is filled. 0: there is no such process. */
int read_row(int pid, row *r) {
  unsigned long fields[32];
  int result = read_fields(pid, &r->state, fields);
  if (result != 1) return result;
  r->pid = pid;
  r->parent = fields[0];
  r->group = fields[1];
  r->session = fields[2];
  r->start_low = fields[18];
  r->start_high = fields[18] >> 32;
  r->caught = fields[30];
  return 1;
}

/* Processor time in milliseconds, that of its children that it has waited for included; resident memory in KiB. */
typedef struct {
  unsigned int cpu_low, cpu_high, memory, threads;
} usage;

/* What these processes use; all 0 (no threads) for one that is gone. */
int read_usages(const int *pids, int count, usage *usages) {
  unsigned long fields[32], tick = 1000 / sysconf(SC_CLK_TCK), page = sysconf(SC_PAGESIZE) / 1024, cpu;
  int index, state, result;
  for (index = 0; index < count; index++) {
    result = read_fields(pids[index], &state, fields);
    if (result < 0) return result;
    cpu = result ? (fields[10] + fields[11] + fields[12] + fields[13]) * tick : 0;
    usages[index].cpu_low = cpu;
    usages[index].cpu_high = cpu >> 32;
    usages[index].memory = result ? fields[20] * page : 0;
    usages[index].threads = result ? fields[16] : 0;
  }
  return count;
}

/* The rows of every process that can be seen. */
int read_table(row *rows, int most) {
  static char entries[32768];
  long size, at, result;
  int fd = open_below("."), count = 0;
  if (fd < 0) return failure();
  while ((size = getdents64(fd, entries, sizeof(entries))) > 0) {
    /* struct linux_dirent64: its length at 16, its name at 19 */
    for (at = 0; at < size; at += *(unsigned short *)(entries + at + 16)) {
      unsigned int pid = number_of(entries + at + 19);
      if (pid == 0) continue;
      result = count < most ? read_row(pid, rows + count) : -E2BIG;
      if (result < 0) {
        close_below(fd);
        return result;
      }
      count += result;
    }
  }
  if (size < 0) size = failure();
  close_below(fd);
  return size < 0 ? size : count;
}

/* ---- children: numbers with a blank after each ---- */

/* Appends the numbers in the file. */
static int append_numbers(int fd, int *numbers, int most, int count) {
  unsigned int number = 0;
  char *at;
  long size;
  while ((size = read(fd, text, sizeof(text))) > 0) {
    for (at = text; at < text + size; at++) {
      if (*at >= '0' && *at <= '9') {
        number = number * 10 + (*at - '0');
        continue;
      }
      if (number > 0) {
        if (count == most) return -E2BIG;
        numbers[count++] = number;
      }
      number = 0;
    }
  }
  return size < 0 ? failure() : count;
}

/*
 * The list of a process with a thousand children takes a quarter of a millisecond to read, and new ones are always at its
 * end. So when there is time it is read up to a place near the end, and when it matters, from there.
 *
 * The kernel remembers the place as a count of children, and so passes over as many as have been reaped since. Therefore the
 * last children of the list are remembered: if one of them is met again, everything behind it was read as well. And nobody
 * who is not known may stand before the place.
 */
enum { TAIL = 8, LEFT_OUT = 512 };

/* A list of children that is held open. Whoever has it open owns this memory, which begins empty but for the first two. */
typedef struct {
  const unsigned char *known; /* a bit for each number that is left out */
  long fd;
  long size, place; /* bytes: of the whole list when it was last read, and of what stands before the place; 0: there is none */
  int tail[TAIL];
} children;

typedef struct {
  const children *list;
  int *numbers, most, count; /* those that are not known */
  int is_within;             /* the first number may have begun before */
  int met;                   /* a bit for each of the tail */
  int last[TAIL], seen;
} reading;

static int is_known(const children *list, unsigned int number) {
  return number < NUMBERS && list->known[number >> 3] >> (number & 7) & 1;
}

static void note_number(reading *r, unsigned int number) {
  int index;
  for (index = 0; index < TAIL; index++)
    if (r->list->tail[index] == number) r->met |= 1 << index;
  r->last[r->seen++ % TAIL] = number;
}

/* The number of bytes that were read, which is less than wanted only at the end of the list. */
static long read_on(reading *r, long wanted) {
  unsigned int number = 0;
  long done = 0, size;
  char *at;
  while (done < wanted) {
    size = read(r->list->fd, text, wanted - done < sizeof(text) ? wanted - done : sizeof(text));
    if (size <= 0) return size < 0 ? failure() : done;
    done += size;
    for (at = text; at < text + size; at++) {
      if (*at >= '0' && *at <= '9') {
        number = number * 10 + (*at - '0');
        continue;
      }
      if (number > 0 && !r->is_within) {
        note_number(r, number);
        if (!is_known(r->list, number)) {
          if (r->count == r->most) return -E2BIG;
          r->numbers[r->count++] = number;
        }
      }
      r->is_within = number = 0;
    }
  }
  return done;
}

static int remember(children *list, const reading *r, long size) {
  int index;
  list->size = size;
  for (index = 0; index < TAIL; index++) list->tail[index] = r->last[index];
  return r->count;
}

enum { WHOLE = 0x7fffffff };

/* The children in the list, without the known ones. */
int read_strangers(children *list, int *numbers, int most) {
  reading r = {list, numbers, most};
  long size;
  list->place = 0;
  if (lseek(list->fd, 0, 0) < 0) return failure();
  size = read_on(&r, WHOLE);
  return size < 0 ? size : remember(list, &r, size);
}

/* Reads up to the place. 0: there is none, as the list is short, or somebody who is not known stands before it. */
int approach_end(children *list) {
  reading r = {list};
  long wanted = list->size - LEFT_OUT;
  int index;
  list->place = 0;
  if (wanted <= 0 || lseek(list->fd, 0, 0) < 0 || read_on(&r, wanted) != wanted) return 0;
  for (index = 0; index < TAIL; index++)
    if (r.met >> index & 1) list->tail[index] = 0;
  list->place = wanted;
  return 1;
}

/* The same as read_strangers, from the place; -EAGAIN: from there it cannot be told. */
int read_new_strangers(children *list, int *numbers, int most) {
  reading r = {list, numbers, most};
  long size, place = list->place;
  list->place = 0;
  if (place == 0) return -EAGAIN;
  r.is_within = 1;
  size = read_on(&r, WHOLE);
  if (size < 0) return size;
  return r.met ? remember(list, &r, place + size) : -EAGAIN;
}

/* Those of the children in the list that have ended and are not reaped. */
int read_ended(children *list, int *numbers, int most) {
  enum { P_PID = 1, WNOHANG = 1, WEXITED = 4, WNOWAIT = 0x01000000 };
  int info[32], index, ended = 0, count;
  list->place = 0;
  if (lseek(list->fd, 0, 0) < 0) return failure();
  count = append_numbers(list->fd, numbers, most, 0);
  for (index = 0; index < count; index++) {
    info[4] = 0; /* si_pid */
    if (waitid(P_PID, numbers[index], info, WEXITED | WNOHANG | WNOWAIT) == 0 && info[4] > 0) numbers[ended++] = info[4];
  }
  return count < 0 ? count : ended;
}

static int list_threads(int pid, int *threads) {
  static char entries[4096];
  char path[40];
  long size, at;
  int fd, count = 0;
  put(put_number(path, pid), "/task");
  fd = open_below(path);
  if (fd < 0) return failure();
  while ((size = getdents64(fd, entries, sizeof(entries))) > 0) {
    for (at = 0; at < size && count <= MOST_THREADS; at += *(unsigned short *)(entries + at + 16)) {
      unsigned int thread = number_of(entries + at + 19);
      if (thread > 0 && count < MOST_THREADS) threads[count] = thread;
      count += thread > 0;
    }
  }
  if (size < 0) size = failure();
  close_below(fd);
  return size < 0 ? size : count > MOST_THREADS ? -E2BIG : count;
}

/*
 * The children of all threads of a process. When a thread ends, its children go to another one, which may have been read
 * already: with -EAGAIN the threads were not the same before and after. (The first thread stays listed after its end, but it
 * is read first, and what it had until then goes to those that are read later.)
 */
int read_children(int pid, int *numbers, int most) {
  int before[MOST_THREADS], after[MOST_THREADS];
  int threads = list_threads(pid, before), count = 0, index, fd;
  char path[64];
  if (threads <= 0) return threads < 0 ? threads : -ENOENT;
  for (index = 0; index < threads; index++) {
    put(put_number(put(put_number(path, pid), "/task/"), before[index]), "/children");
    fd = open_below(path);
    if (fd < 0) return failure();
    count = append_numbers(fd, numbers, most, count);
    close_below(fd);
    if (count < 0) return count;
  }
  if (list_threads(pid, after) != threads) return -EAGAIN;
  for (index = 0; index < threads; index++)
    if (after[index] != before[index]) return -EAGAIN;
  return count;
}
