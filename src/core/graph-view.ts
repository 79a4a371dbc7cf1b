import type { Definition, ServiceType } from "./definition.ts";
import type { PublicState } from "./service-view.ts";
import type { StartTime } from "./start-times.ts";
import { type Clocks, isoOf } from "./view.ts";
import type { WallTime } from "./units.ts";

/** The order of services as the control interface shows it. */
export interface GraphView {
  /** In an order in which each comes after what it needs or follows. */
  readonly services: readonly GraphNode[];
  /** The services that the last start has waited for one after the other; empty without a supervisor. */
  readonly critical_path: readonly string[];
}

export interface GraphNode {
  readonly name: string;
  readonly type: ServiceType;
  /** null: no supervisor was asked. */
  readonly state: PublicState | null;
  readonly requires: readonly { readonly name: string; readonly restart_with: boolean }[];
  readonly wants: readonly string[];
  readonly after: readonly string[];
  readonly before: readonly string[];
  readonly conflicts: readonly string[];
  /** Of its last start; null: it has not been started. */
  readonly start: StartView | null;
}

export interface StartView {
  /** ISO 8601 UTC. */
  readonly asked_at: string;
  /** How long others were in its way; null: they still are. */
  readonly waited_ms: number | null;
  /** From then until it was up, or had ended well; null: it is not, or has not. */
  readonly took_ms: number | null;
}

/** What the definition says of a service's place among the others. */
export function graphNodeOf(definition: Definition): GraphNode {
  const { name, type, wants, after, before, conflicts } = definition;
  const requires = definition.requires.map((each) => ({ name: each.name, restart_with: each.restartWith }));
  return { name, type, state: null, requires, wants, after, before, conflicts, start: null };
}

export function startViewOf({ askedAt, begunAt, upAt }: StartTime, clocks: Clocks): StartView {
  return {
    asked_at: isoOf((clocks.wall + (askedAt - clocks.now)) as WallTime),
    waited_ms: begunAt === null ? null : rounded(begunAt - askedAt),
    took_ms: begunAt === null || upAt === null ? null : rounded(upAt - begunAt),
  };
}

/** To a tenth of a millisecond. */
function rounded(span: number): number {
  return Math.max(0, Math.round(span * 10) / 10);
}
