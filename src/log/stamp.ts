/*
 * The time in front of a line, as bytes. A read brings many lines and they all arrived at once, so one stamp is made a
 * read; what does not change within a second is made once a second.
 */

/** Writes the stamp of one format, with the space after it. */
export interface Stamper {
  /** The stamp of `at` (microseconds since 1970); the array is used again by the next call. */
  stampOf(at: number): Uint8Array;
}

export type StampFormat = "iso" | "unix" | "tai64n" | "none";

export function stamperOf(format: StampFormat): Stamper | null {
  switch (format) {
    case "iso":
      return new SecondsStamper(isoSecondsOf, "Z ");
    case "unix":
      return new SecondsStamper((seconds) => `${seconds}.`, " ");
    case "tai64n":
      return { stampOf: taiStampOf };
    case "none":
      return null;
  }
}

const encoder = new TextEncoder();
const DIGIT_ZERO = 48;

/** Stamps that are made of a text for the second, six digits of microseconds and an ending. */
class SecondsStamper implements Stamper {
  readonly #secondsOf: (seconds: number) => string;
  readonly #ending: string;
  #second = -1;
  #bytes = new Uint8Array(0);

  constructor(secondsOf: (seconds: number) => string, ending: string) {
    this.#secondsOf = secondsOf;
    this.#ending = ending;
  }

  stampOf(at: number): Uint8Array {
    const second = Math.floor(at / 1_000_000);
    if (second !== this.#second) {
      this.#second = second;
      this.#bytes = encoder.encode(`${this.#secondsOf(second)}000000${this.#ending}`);
    }
    let micros = at - second * 1_000_000;
    for (let index = this.#bytes.length - this.#ending.length - 1, digit = 0; digit < 6; digit++, index--) {
      const rest = Math.floor(micros / 10);
      this.#bytes[index] = DIGIT_ZERO + micros - rest * 10;
      micros = rest;
    }
    return this.#bytes;
  }
}

/** Most lines are of the second of the line before. */
const lastSecond = { number: Number.NaN, text: "" };

function isoSecondsOf(seconds: number): string {
  if (seconds !== lastSecond.number) {
    lastSecond.text = new Date(seconds * 1000).toISOString().slice(0, 20);
    lastSecond.number = seconds;
  }
  return lastSecond.text;
}

/** `2026-01-02T03:04:05.678901Z` of microseconds since 1970. */
export function isoTimeOf(at: number): string {
  const second = Math.floor(at / 1_000_000);
  return `${isoSecondsOf(second)}${String(at - second * 1_000_000).padStart(6, "0")}Z`;
}

// TAI64N (https://cr.yp.to/libtai/tai64.html) counts from 2^62 and, as multilog and svlogd write it, runs ten seconds ahead of UTC.
const TAI_HIGH = "40000000";
export const TAI_OFFSET_SECONDS = 10;

function taiStampOf(at: number): Uint8Array {
  const seconds = Math.floor(at / 1_000_000);
  const nanos = (at - seconds * 1_000_000) * 1000;
  const label =
    TAI_HIGH + (seconds + TAI_OFFSET_SECONDS).toString(16).padStart(8, "0") + nanos.toString(16).padStart(8, "0");
  return encoder.encode(`@${label} `);
}
