import { askLines, type Reply, type SupervisorPlace } from "../control/client.ts";
import { keepFollowing } from "../control/keep-following.ts";
import type { EventView } from "../core/service-view.ts";

const REPLACED = "the supervisor was replaced; events in between may be missing";

/** What happens from now on, over replacements of the supervisor; where one may be missing, an event says so. */
export async function followEvents(place: SupervisorPlace): Promise<Reply<AsyncIterable<EventView>>> {
  const reply = await askEvents(place, null);
  if (reply.tag === "refused") return reply;
  const { value: first } = reply;
  let seen = 0;
  async function* again(): AsyncGenerator<EventView> {
    for await (const event of keepFollowing(place, first, resume)) {
      seen = event.number;
      yield event;
    }
  }
  // The numbers of a supervisor mean nothing to the next one: it tells all that it knows.
  async function resume(): Promise<Reply<AsyncIterable<EventView>>> {
    const resumed = seen === 0 ? null : await askEvents(place, String(seen));
    if (resumed !== null && !(resumed.tag === "refused" && resumed.why === "problem")) return resumed;
    const anew = await askEvents(place, "oldest");
    return anew.tag === "refused" ? anew : { tag: "ok", value: afterNote(noteAfter(seen), anew.value) };
  }
  return { tag: "ok", value: again() };
}

/** true: it is the event that says that some may be missing. */
export function isReplacement({ message }: EventView): boolean {
  return message === REPLACED;
}

function askEvents(place: SupervisorPlace, after: string | null): Promise<Reply<AsyncIterable<EventView>>> {
  return askLines(place, {
    route: "events",
    name: null,
    patience: null,
    ...(after === null ? {} : { query: { after } }),
  });
}

async function* afterNote(note: EventView, events: AsyncIterable<EventView>): AsyncGenerator<EventView> {
  yield note;
  yield* events;
}

function noteAfter(number: number): EventView {
  const at = new Date().toISOString();
  return { number, at, service: null, event: "missed", state: null, previous: null, pid: null, message: REPLACED };
}
