/** So many bytes are drawn at once: to draw a few takes as long as to draw them all. */
const DRAWN = 1024;

const drawn = new Uint8Array(DRAWN);
let taken = DRAWN;

/** So many random bytes (1,024 at most) in hexadecimal digits. Web Crypto is there already; to load `node:crypto` takes 2.5 ms. */
export function randomHex(byteCount: number): string {
  if (taken + byteCount > DRAWN) {
    crypto.getRandomValues(drawn);
    taken = 0;
  }
  const from = taken;
  taken += byteCount;
  return drawn.subarray(from, taken).toHex();
}
