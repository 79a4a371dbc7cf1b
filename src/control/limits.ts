/** Longest wait that a request may ask for, in milliseconds: a day. */
export const MAX_TIMEOUT_MS = 86_400_000;

/** Most lines of output that one request may ask for. */
export const MAX_LOG_LINES = 10_000;

/** Lines of output that are shown when the request does not say how many. */
export const DEFAULT_LOG_LINES = 100;
