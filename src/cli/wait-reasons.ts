import { ask, type SupervisorPlace } from "../control/client.ts";
import { NOT_READY } from "../core/service-record.ts";
import type { ServiceView } from "../core/service-view.ts";
import { millis } from "../core/units.ts";
import { lookAtDetails } from "./look-at-services.ts";
import { onOneLine } from "./render-text.ts";

/** Why a service is waited for. */
export interface WaitReason {
  readonly name: string;
  /** "starting, waiting for http 127.0.0.1:8080/healthz (connection refused)". */
  readonly reason: string;
  /** Since when, in milliseconds since 1970. */
  readonly since: number;
}

/** true: this service is one of those that are waited for. */
export type Concern = (service: ServiceView) => boolean;

/** Who waits has time, but not for ever. */
const PATIENCE = millis(1_000);

/** Asks a supervisor why services are where they are. What cannot be told is left out. */
export class WaitReasons {
  readonly #place: SupervisorPlace;
  /** How each says that it is ready: it does not change while it is waited for. */
  readonly #readyBy = new Map<string, string | null>();

  constructor(place: SupervisorPlace) {
    this.#place = place;
  }

  async ofNamed(names: readonly string[]): Promise<readonly WaitReason[]> {
    const asked = names.map(async (name) => {
      const reply = await ask(this.#place, { route: "service", name, patience: PATIENCE });
      return reply.tag === "ok" ? [await this.#reasonOf(reply.value)] : [];
    });
    return (await Promise.all(asked)).flat();
  }

  async ofOthers(isConcerned: Concern): Promise<readonly WaitReason[]> {
    const reply = await ask(this.#place, { route: "services", name: null, patience: PATIENCE });
    if (reply.tag === "refused") return [];
    return await Promise.all(reply.value.filter(isConcerned).map((service) => this.#reasonOf(service)));
  }

  async #reasonOf(service: ServiceView): Promise<WaitReason> {
    const { name, state, message } = service;
    const why = message === null ? null : await this.#whyOf(name, message);
    const reason = why === null ? state : `${state}, ${onOneLine(why)}`;
    return { name, reason, since: Date.parse(service.since) };
  }

  async #whyOf(name: string, message: string): Promise<string> {
    if (!message.startsWith(NOT_READY)) return message;
    if (!this.#readyBy.has(name)) this.#readyBy.set(name, (await lookAtDetails(this.#place, name))?.ready_by ?? null);
    const readyBy = this.#readyBy.get(name) ?? null;
    if (readyBy === null) return message;
    const said = message.slice(NOT_READY.length).replace(/^: /, "");
    const detail = said.startsWith(`${readyBy}: `) ? said.slice(readyBy.length + 2) : said;
    return `waiting for ${readyBy}${detail === "" ? "" : ` (${detail})`}`;
  }
}
