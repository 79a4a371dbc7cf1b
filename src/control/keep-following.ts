import type { Reply, SupervisorPlace } from "./client.ts";

/** How soon whoever was cut off asks again, in milliseconds. */
const AGAIN_AFTER_MS = 20;

/**
 * Lines that go on when the supervisor is replaced. `again` asks for those that follow what has come. They end as the last
 * connection does: in order with the supervisor, with an error if it was cut off and nobody takes its place. `again` gives null if there
 * is no going on.
 */
export async function* keepFollowing<T>(
  place: SupervisorPlace,
  first: AsyncIterable<T>,
  again: () => Promise<Reply<AsyncIterable<T>> | null>,
): AsyncGenerator<T> {
  for (let lines = first; ;) {
    let broken: unknown = null;
    try {
      for await (const line of lines) yield line;
    } catch (error) {
      broken = error;
    }
    const next = await nextLines(place, again);
    if (next === null && broken !== null) throw broken;
    if (next === null) return;
    lines = next;
  }
}

/** null: there is no supervisor any more. Throws if there is one that says no. */
async function nextLines<T>(
  place: SupervisorPlace,
  again: () => Promise<Reply<AsyncIterable<T>> | null>,
): Promise<AsyncIterable<T> | null> {
  while (place.isLocked()) {
    await Bun.sleep(AGAIN_AFTER_MS);
    const reply = await again();
    if (reply === null) return null;
    if (reply.tag === "ok") return reply.value;
    if (reply.why === "problem" || reply.why === "permission") throw new Error(reply.message);
  }
  return null;
}
