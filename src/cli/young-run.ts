import { ask, type SupervisorPlace } from "../control/client.ts";
import type { ServiceView } from "../core/service-view.ts";
import { millis } from "../core/units.ts";
import { lookAtDetails } from "./look-at-services.ts";

/** What became of a service that had just been started. */
export type YoungRun =
  | { readonly tag: "runs" }
  /** `service`: as it is since; `reason`: how it ended. */
  | { readonly tag: "ended"; readonly service: ServiceView; readonly reason: string };

/** How long a young run is looked at, and how often, in milliseconds. */
const LOOK_FOR_MS = 250;
const LOOK_EVERY_MS = 25;
const PATIENCE = millis(1_000);

/**
 * A service that does not say when it is ready counts as started as soon as its program runs, though many a program runs and
 * ends at once. If it has never run before, or has failed the last time, it is looked at a moment longer.
 */
export async function watchYoungRun(place: SupervisorPlace, started: ServiceView): Promise<YoungRun> {
  if (!(await isUnproven(place, started))) return { tag: "runs" };
  const deadline = performance.now() + LOOK_FOR_MS - (started.uptime_ms ?? 0);
  while (performance.now() < deadline) {
    // To listen for its end would cost more than a few questions.
    await Bun.sleep(LOOK_EVERY_MS);
    const reply = await ask(place, { route: "service", name: started.name, patience: PATIENCE });
    if (reply.tag === "refused") break;
    const now = reply.value;
    if (now.pid === started.pid && now.state === "up") continue;
    const exit = now.last_exit;
    // It was stopped or restarted by somebody else.
    if (exit === null || exit.at === started.last_exit?.at || now.state === "stopping") break;
    return { tag: "ended", service: now, reason: exit.reason };
  }
  return { tag: "runs" };
}

async function isUnproven(
  place: SupervisorPlace,
  { name, type, state, pid, uptime_ms: age, last_exit: exit }: ServiceView,
): Promise<boolean> {
  if (type !== "simple" || state !== "up" || pid === null || (age ?? 0) >= LOOK_FOR_MS) return false;
  if (exit !== null && (exit.code === 0 || STOPPED_BY.has(exit.signal ?? ""))) return false;
  const details = await lookAtDetails(place, name);
  return details !== null && details.ready_by === null;
}

/** What a stop ends a process with. */
const STOPPED_BY: ReadonlySet<string> = new Set(["SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT", "SIGKILL"]);
