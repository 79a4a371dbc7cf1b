import type { PublicState, ServiceView } from "../core/service-view.ts";

/** The worst first. */
const SEVERITY: Readonly<Record<PublicState, number>> = {
  failed: 0,
  backoff: 1,
  waiting: 2,
  stopping: 3,
  starting: 4,
  up: 5,
  done: 6,
  down: 7,
};

/** By this services are listed, the least first: the worst. What waits for its time is not in trouble, and what is up may be. */
export function severityOf({ state, well, health }: ServiceView): number {
  if (state === "waiting" && well) return SEVERITY.up + 0.5;
  if (state === "up" && (!well || health === "unhealthy")) return SEVERITY.waiting + 0.5;
  return SEVERITY[state];
}

/** The worst first, then by name. */
export function worstFirst(services: readonly ServiceView[]): readonly ServiceView[] {
  return services
    .map((service) => ({ service, severity: severityOf(service) }))
    .sort((left, right) => left.severity - right.severity || compareText(left.service.name, right.service.name))
    .map(({ service }) => service);
}

function compareText(left: string, right: string): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}
