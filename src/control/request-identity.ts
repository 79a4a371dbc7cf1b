/*
 * A request that changes something may carry an identity of its own. Sent again, as nobody knows whether it arrived before the
 * supervisor was replaced, it is not carried out a second time: what it has asked for is waited for.
 */

/** The header that carries it: 32 hexadecimal digits. */
export const REQUEST_HEADER = "daemonsup-request";

/** null: it carries none that can be understood. */
export function requestOf({ headers }: Request): string | null {
  const written = headers.get(REQUEST_HEADER) ?? "";
  return /^[0-9a-f]{32}$/.test(written) ? written : null;
}

export function newRequestIdentity(): string {
  return crypto.randomUUID().replaceAll("-", "");
}
