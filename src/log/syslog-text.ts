/** The longest message that is sent, in bytes; what is longer is cut and ends with "...". */
export const SYSLOG_TEXT_LIMIT = 8192;

const TAB = 0x09;
const NEWLINE = 0x0a;
const RETURN = 0x0d;
const BACKSLASH = 0x5c;
const DELETE = 0x7f;

const CONTROL = /[\x00-\x08\x0a-\x1f\x7f-\x9f]/;
const ELLIPSIS = new TextEncoder().encode("...");
const HEX = new TextEncoder().encode("0123456789abcdef");

/**
 * The text as it may go to syslog: in one line and not too long. Control characters are written as `\n`, `\r` or `\xNN`:
 * some daemons begin a new message at a newline, so that a text could forge one, and terminals obey escape sequences.
 * Tabs stay, and so do bytes that are not UTF-8.
 */
export function syslogBytesOf(text: Uint8Array): Uint8Array {
  if (text.length <= SYSLOG_TEXT_LIMIT && !hasControl(text)) return text;
  // One byte more than the limit, so that the cut below sees that there is more.
  const escaped = escapedOf(text.subarray(0, SYSLOG_TEXT_LIMIT + 1));
  return escaped.length <= SYSLOG_TEXT_LIMIT ? escaped : cutOf(escaped);
}

/** The same for a string; a lone surrogate becomes U+FFFD. */
export function syslogTextOf(text: string): string {
  // A character takes at most three bytes here for each of its UTF-16 units.
  if (text.length * 3 <= SYSLOG_TEXT_LIMIT && !CONTROL.test(text)) return text;
  return new TextDecoder().decode(syslogBytesOf(new TextEncoder().encode(text)));
}

function hasControl(text: Uint8Array): boolean {
  for (let at = 0; at < text.length; at++) {
    if (isControl(text, at)) return true;
  }
  return false;
}

function isControl(text: Uint8Array, at: number): boolean {
  const byte = text[at] ?? 0;
  if (byte < 0x20) return byte !== TAB;
  return byte === DELETE || isTwoByteControl(text, at);
}

/** U+0080 to U+009F, which terminals obey as well, are two bytes in UTF-8. */
function isTwoByteControl(text: Uint8Array, at: number): boolean {
  const next = text[at + 1] ?? 0;
  return text[at] === 0xc2 && next >= 0x80 && next <= 0x9f;
}

function escapedOf(text: Uint8Array): Uint8Array {
  const escaped = new Uint8Array(text.length * 4);
  let used = 0;
  for (let at = 0; at < text.length; at++) {
    if (!isControl(text, at)) {
      escaped[used++] = text[at] ?? 0;
      continue;
    }
    if (isTwoByteControl(text, at)) at++;
    const escape = escapeOf(text[at] ?? 0);
    escaped.set(escape, used);
    used += escape.length;
  }
  return escaped.subarray(0, used);
}

function escapeOf(control: number): readonly number[] {
  if (control === NEWLINE) return [BACKSLASH, 0x6e];
  if (control === RETURN) return [BACKSLASH, 0x72];
  return [BACKSLASH, 0x78, HEX[control >> 4] ?? 0, HEX[control & 15] ?? 0];
}

function cutOf(text: Uint8Array): Uint8Array {
  const end = characterStartOf(text, SYSLOG_TEXT_LIMIT - ELLIPSIS.length);
  const cut = new Uint8Array(end + ELLIPSIS.length);
  cut.set(text.subarray(0, end));
  cut.set(ELLIPSIS, end);
  return cut;
}

/** Where the character of UTF-8 begins that `at` is in; `at` itself if the bytes there are not UTF-8. */
function characterStartOf(text: Uint8Array, at: number): number {
  for (let start = at; start > at - 4; start--) {
    if (((text[start] ?? 0) & 0xc0) !== 0x80) return start;
  }
  return at;
}
