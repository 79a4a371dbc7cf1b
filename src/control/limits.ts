/** Longest wait that a request may ask for, in milliseconds: a day. */
export const MAX_TIMEOUT_MS = 86_400_000;

/** Of more services than these at once it is not told what they use: each is measured when it is asked for. */
export const MAX_USAGES = 256;

/** Most lines of output that one request may ask for. */
export const MAX_LOG_LINES = 10_000;

/** Most names and globs that one request may ask for: as many as there may be services. */
export const MAX_NAMES = 4_096;

/** Most globs among them: each is compared with the name of every service. */
export const MAX_GLOBS = 64;

/** Longest regular expression to look for in output, in characters. */
export const MAX_PATTERN = 1_000;

/** The names and globs of services whose output is asked for, together, in characters. */
export const MAX_OUTPUT_NAMES = 8_192;

/** Lines of output that are shown when the request does not say how many. */
export const DEFAULT_LOG_LINES = 100;

/** Most and least often that a stream says that it lives, if it is asked to, in milliseconds. */
export const MIN_HEARTBEAT_MS = 1_000;
export const MAX_HEARTBEAT_MS = 3_600_000;
