/** So many random bytes in hexadecimal digits. Web Crypto is there already; to load `node:crypto` takes 2.5 ms. */
export function randomHex(byteCount: number): string {
  return crypto.getRandomValues(new Uint8Array(byteCount)).toHex();
}
