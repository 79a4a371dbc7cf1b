/** A length of time in milliseconds. */
export type Millis = number & { readonly unit: "milliseconds" };

/** A point on the monotonic clock, in milliseconds since an origin that means nothing. Never a wall-clock time. */
export type Instant = number & { readonly unit: "monotonic milliseconds" };

/** A point on the wall clock, in milliseconds since 1970 (UTC). Only for showing and writing down, never for deadlines. */
export type WallTime = number & { readonly unit: "unix milliseconds" };

export function millis(value: number): Millis {
  return value as Millis;
}

/** The instant `span` after `start`. */
export function later(start: Instant, span: Millis): Instant {
  return (start + span) as Instant;
}

/** How long it is from `start` to `end`; negative if `end` comes first. */
export function spanBetween(start: Instant, end: Instant): Millis {
  return (end - start) as Millis;
}
