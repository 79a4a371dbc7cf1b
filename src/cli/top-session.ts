import { ask } from "../control/client.ts";
import type { OutputLine } from "../control/control-port.ts";
import { newRequestIdentity } from "../control/request-identity.ts";
import { EXIT } from "../core/exit-statuses.ts";
import { millis } from "../core/units.ts";
import type { CommandCall } from "./command.ts";
import { programWordsOf } from "./find-supervisor.ts";
import { followOutput } from "./follow-output.ts";
import { lookAtPage, lookAtServices, lookAtUsage } from "./look-at-services.ts";
import { parseKeys } from "./parse-keys.ts";
import { type Look, lookOf } from "./render-paint.ts";
import { renderStatusBlock } from "./render-status-block.ts";
import { cutTo, onOneLine } from "./render-text.ts";
import { renderTop, roomOf } from "./render-top.ts";
import { FIRST_STATE, onKey, refreshed, type TopDeed, type TopPage, type TopState, type TopVerb } from "./top-state.ts";
import type { FullScreen } from "./world.ts";

/** How often it looks, in milliseconds. */
const EVERY_MS = 1_000;
/** What is kept of a service's output. */
const MOST_LINES = 2_000;
const PATIENCE = millis(3_600_000);

const SOON_MS = 50;
const PAST: Readonly<Record<TopVerb, string>> = { start: "started", stop: "stopped", restart: "restarted" };

/** One sitting before the screen. */
export class TopSession {
  readonly #call: CommandCall;
  #state: TopState = FIRST_STATE;
  #screen: FullScreen | null = null;
  #following: AbortController | null = null;
  readonly #over = Promise.withResolvers<void>();
  #isOver = false;
  /** true: it will be drawn in a moment. */
  #isSoon = false;

  constructor(call: CommandCall) {
    this.#call = call;
  }

  async run(screen: FullScreen): Promise<number> {
    this.#screen = screen;
    while (!this.#isOver) {
      await Promise.race([this.#look(), this.#over.promise]);
      this.draw();
      await Promise.race([Bun.sleep(EVERY_MS), this.#over.promise]);
    }
    this.#following?.abort();
    return EXIT.done;
  }

  input(text: string): void {
    for (const key of parseKeys(text)) {
      const { state, deed } = onKey(this.#state, key, roomOf(this.#rows, this.#state.page));
      this.#state = state;
      if (deed !== null) this.#do(deed);
    }
    this.draw();
  }

  draw(): void {
    if (this.#isOver) return;
    const { stdout } = this.#call.world;
    const frame = { rows: this.#rows, columns: stdout.columns ?? 80, look: this.#style, now: this.#call.world.now() };
    this.#screen?.draw(renderTop(this.#state, frame));
  }

  get #rows(): number {
    return this.#call.world.stdout.rows ?? 24;
  }

  get #style(): Look {
    return lookOf(this.#call.world);
  }

  async #look(): Promise<void> {
    const { place } = this.#call;
    const [found, usages] = await Promise.all([lookAtServices(place, []), lookAtUsage(place, [])]);
    if (found.tag === "refused") {
      this.#say(`${found.message}; trying again`);
      return;
    }
    this.#state = refreshed(this.#state, { services: found.services, usages });
    const { page } = this.#state;
    if (page.tag === "details") await this.#readDetails(page.name);
  }

  #say(message: string): void {
    this.#state = { ...this.#state, message };
  }

  #do(deed: TopDeed): void {
    switch (deed.tag) {
      case "quit":
        this.#isOver = true;
        return this.#over.resolve();
      case "suspend":
        return this.#screen?.suspend();
      case "leave-page":
        this.#following?.abort();
        this.#following = null;
        return;
      case "open":
        void (deed.page === "logs" ? this.#follow(deed.name) : this.#readDetails(deed.name));
        return;
      case "act":
        void this.#act(deed.verb, deed.name);
        return;
    }
  }

  async #act(verb: TopVerb, name: string): Promise<void> {
    this.#say(`${name}: ${verb} asked for`);
    this.draw();
    const body = { wait: true, timeout: null };
    const reply = await ask(this.#call.place, {
      route: verb,
      name,
      body,
      patience: PATIENCE,
      identity: newRequestIdentity(),
    });
    if (reply.tag === "refused") this.#say(reply.message);
    else if (reply.value.result === "done") this.#say(`${name}: ${PAST[verb]}`);
    else this.#say(`${name}: ${verb} failed: ${reply.value.message ?? reply.value.result}`);
    await this.#look();
    this.draw();
  }

  async #readDetails(name: string): Promise<void> {
    const { place, world, given } = this.#call;
    const service = this.#state.services.find((each) => each.name === name);
    if (service === undefined) return;
    const reply = await lookAtPage(place, name, { lines: 8 });
    const page = reply.tag === "ok" ? reply.value : { service, details: null, lines: [] };
    const block = { ...page, now: world.now(), program: programWordsOf(given) };
    this.#fill(name, () => renderStatusBlock(block, this.#style));
    this.draw();
  }

  async #follow(name: string): Promise<void> {
    const following = new AbortController();
    this.#following = following;
    const { place, world } = this.#call;
    const query = { names: name, lines: String(this.#rows), follow: "true" };
    const reply = await followOutput(place, { query, began: world.now(), signal: following.signal });
    if (reply.tag === "refused") return;
    try {
      for await (const item of reply.value) if ("text" in item) this.#append(name, item);
    } catch {
      // The supervisor has gone, or the page has been left; the next look says which.
    }
  }

  #append(name: string, { at, text }: OutputLine): void {
    const line = cutTo(
      `${at.slice(11, 19)} ${onOneLine(text)}`,
      this.#call.world.stdout.columns ?? 80,
      this.#style.mark,
    );
    this.#fill(name, (lines) => [...lines, line].slice(-MOST_LINES));
    this.#drawSoon();
  }

  /** Changes the text of the page, if it is still there. */
  #fill(name: string, change: (lines: readonly string[]) => readonly string[]): void {
    const { page } = this.#state;
    if (!isText(page) || page.name !== name) return;
    const lines = change(page.lines);
    // Whoever reads further up goes on reading there.
    const more = page.tag === "logs" && page.above > 0 ? lines.length - page.lines.length : 0;
    this.#state = { ...this.#state, page: { ...page, lines, above: page.above + more } };
  }

  /** However much is said, it is drawn a few times a second. */
  #drawSoon(): void {
    if (this.#isSoon) return;
    this.#isSoon = true;
    setTimeout(() => {
      this.#isSoon = false;
      this.draw();
    }, SOON_MS);
  }
}

function isText(page: TopPage): page is Extract<TopPage, { readonly tag: "logs" | "details" }> {
  return page.tag === "logs" || page.tag === "details";
}
