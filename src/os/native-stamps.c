/*
 * The inner loop of the stamped log: libc's own search and copy do the work, since what TinyCC makes of loops is slow.
 */

#define memchr ((void *(*)(const void *, int, unsigned long))AT_memchr)
#define memcpy ((void *(*)(void *, const void *, unsigned long))AT_memcpy)

/* At least the longest stamp; so much is written for each, whatever its length. */
enum { STAMP_ROOM = 32 };

/*
 * Copies whole lines, each with the stamp (STAMP_ROOM bytes, of which stamp_length count) before it, as long as there is
 * room, STAMP_ROOM bytes more than needed included. Gives the bytes written; *taken: those that were copied.
 */
static double stamp_lines(const char *from, double length, const long *stamp, int stamp_length, char *to, double room, double *taken) {
  const char *at = from, *end = from + (long)length;
  char *out = to, *most = to + (long)room;
  while (at < end) {
    const char *newline = memchr(at, '\n', end - at);
    long size = (newline ? newline + 1 : end) - at;
    long *stamped = (long *)out;
    if (most - out < 2 * STAMP_ROOM + size) break;
    stamped[0] = stamp[0];
    stamped[1] = stamp[1];
    stamped[2] = stamp[2];
    stamped[3] = stamp[3];
    memcpy(out + stamp_length, at, size);
    out += stamp_length + size;
    at += size;
  }
  *taken = at - from;
  return out - to;
}

void *stamping(void) { return stamp_lines; }
