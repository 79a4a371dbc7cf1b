/*
 * A shutdown that has begun, as text, so that a successor goes on with it and ends with the same status. A start that finds one
 * of others finds what nobody was left to finish: it is not shut down for that.
 */

export interface NotedShutdown {
  /** What the supervisor is to end with. */
  readonly code: number;
  readonly reason: string;
  /** The processes of ours that are concerned, each named for good. */
  readonly ours: readonly string[];
}

export function encodeShutdown(shutdown: NotedShutdown): string {
  return JSON.stringify(shutdown);
}

/** Never throws. null: a version that did not know of successors has written it, or it is damaged. */
export function decodeShutdown(text: string): NotedShutdown | null {
  const { code, reason, ours } = parse(text) ?? {};
  if (typeof code !== "number" || typeof reason !== "string" || !Array.isArray(ours)) return null;
  return { code, reason, ours: ours.map(String) };
}

function parse(text: string): Readonly<Record<string, unknown>> | null {
  try {
    return JSON.parse(text) as Readonly<Record<string, unknown>> | null;
  } catch {
    return null;
  }
}
