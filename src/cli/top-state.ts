/* What `top` shows and what keys do to it: no terminal, no supervisor, no clock. */
import type { ServiceView } from "../core/service-view.ts";
import type { UsageView } from "../core/usage-view.ts";
import type { Key } from "./parse-keys.ts";
import { severityOf } from "./severity.ts";

export const SORTS = ["trouble", "name", "cpu", "memory", "restarts"] as const;
export type Sort = (typeof SORTS)[number];

export type TopVerb = "start" | "stop" | "restart";

/** What is on the screen. */
export type TopPage =
  | { readonly tag: "table" }
  /** The filter is being typed. */
  | { readonly tag: "filtering" }
  | { readonly tag: "asking"; readonly verb: TopVerb; readonly name: string }
  | { readonly tag: "help" }
  /** Text that is read from its end (output) or from its beginning, `above` lines away from there. */
  | {
      readonly tag: "logs" | "details";
      readonly name: string;
      readonly lines: readonly string[];
      readonly above: number;
    };

export interface TopState {
  readonly page: TopPage;
  readonly services: readonly ServiceView[];
  readonly usages: ReadonlyMap<string, UsageView>;
  readonly selected: string | null;
  readonly filter: string;
  readonly sort: Sort;
  /** The last thing that there was to say, or "". */
  readonly message: string;
}

/** What is to be done outside. */
export type TopDeed =
  | { readonly tag: "quit" | "suspend" | "leave-page" }
  | { readonly tag: "act"; readonly verb: TopVerb; readonly name: string }
  | { readonly tag: "open"; readonly page: "logs" | "details"; readonly name: string };

export interface TopStep {
  readonly state: TopState;
  readonly deed: TopDeed | null;
}

export const FIRST_STATE: TopState = {
  page: { tag: "table" },
  services: [],
  usages: new Map(),
  selected: null,
  filter: "",
  sort: "trouble",
  message: "",
};

/** The services that are shown, in their order. */
export function shownServices({ services, usages, filter, sort }: TopState): readonly ServiceView[] {
  const wanted = filter.toLowerCase();
  const found = services.filter(({ name, state }) => name.toLowerCase().includes(wanted) || state === wanted);
  const valueOf = (service: ServiceView): number => {
    const usage = usages.get(service.name);
    switch (sort) {
      case "trouble":
        return severityOf(service);
      case "name":
        return 0;
      case "cpu":
        return -(usage?.cpu_percent ?? 0);
      case "memory":
        return -(usage?.memory_bytes ?? 0);
      case "restarts":
        return -service.restarts;
    }
  };
  return found.toSorted((left, right) => valueOf(left) - valueOf(right) || (left.name < right.name ? -1 : 1));
}

/** What the supervisor has told. The selection stays with its service, as long as there is that. */
export function refreshed(state: TopState, now: Pick<TopState, "services" | "usages">): TopState {
  return reselected({ ...state, ...now });
}

function reselected(state: TopState): TopState {
  const shown = shownServices(state);
  const isThere = shown.some(({ name }) => name === state.selected);
  return { ...state, selected: isThere ? state.selected : (shown[0]?.name ?? null) };
}

/** What a key does; `rows` is how many services or lines there is room for. */
export function onKey(state: TopState, key: Key, rows: number): TopStep {
  if (key.tag === "interrupt") return { state, deed: { tag: "quit" } };
  if (key.tag === "suspend") return { state, deed: { tag: "suspend" } };
  const { page } = state;
  switch (page.tag) {
    case "table":
      return onTable({ ...state, message: "" }, key, rows);
    case "filtering":
      return only(onFilter(state, key));
    case "asking": {
      const isYes = key.tag === "enter" || (key.tag === "character" && key.character.toLowerCase() === "y");
      const { verb, name } = page;
      const asked: TopState = { ...state, page: { tag: "table" }, message: isYes ? "" : `${name} is left as it is` };
      return { state: asked, deed: isYes ? { tag: "act", verb, name } : null };
    }
    case "help":
      return only({ ...state, page: { tag: "table" } });
    case "logs":
    case "details":
      return onText(state, page, { key, rows });
  }
}

function only(state: TopState): TopStep {
  return { state, deed: null };
}

function onTable(state: TopState, key: Key, rows: number): TopStep {
  switch (key.tag) {
    case "up":
      return only(moved(state, -1));
    case "down":
      return only(moved(state, 1));
    case "page-up":
      return only(moved(state, -rows));
    case "page-down":
      return only(moved(state, rows));
    case "home":
      return only(moved(state, Number.NEGATIVE_INFINITY));
    case "end":
      return only(moved(state, Number.POSITIVE_INFINITY));
    case "enter":
      return opened(state, "details");
    case "escape":
      return only(reselected({ ...state, filter: "" }));
    case "character":
      return onCharacter(state, key.character);
    case "backspace":
    case "interrupt":
    case "suspend":
      return only(state);
  }
}

function onCharacter(state: TopState, character: string): TopStep {
  switch (character) {
    case "q":
      return { state, deed: { tag: "quit" } };
    case "k":
      return only(moved(state, -1));
    case "j":
      return only(moved(state, 1));
    case "g":
      return only(moved(state, Number.NEGATIVE_INFINITY));
    case "G":
      return only(moved(state, Number.POSITIVE_INFINITY));
    case "s":
      return acted(state, "start");
    case "x":
      return acted(state, "stop");
    case "r":
      return acted(state, "restart");
    case "l":
      return opened(state, "logs");
    case "o": {
      const sort = SORTS[(SORTS.indexOf(state.sort) + 1) % SORTS.length] ?? "trouble";
      return only({ ...state, sort, message: `sorted by ${sort}` });
    }
    case "/":
      return only({ ...state, page: { tag: "filtering" } });
    case "?":
    case "h":
      return only({ ...state, page: { tag: "help" } });
    default:
      return only({ ...state, message: `no key ${JSON.stringify(character)}: ? shows those that there are` });
  }
}

/** A start does no harm; what ends something is asked for once more. */
function acted(state: TopState, verb: TopVerb): TopStep {
  const name = state.selected;
  if (name === null) return only(state);
  if (verb === "start") return { state, deed: { tag: "act", verb, name } };
  return only({ ...state, page: { tag: "asking", verb, name } });
}

function opened(state: TopState, page: "logs" | "details"): TopStep {
  const name = state.selected;
  if (name === null) return only(state);
  return { state: { ...state, page: { tag: page, name, lines: [], above: 0 } }, deed: { tag: "open", page, name } };
}

function moved(state: TopState, by: number): TopState {
  const shown = shownServices(state);
  const at = shown.findIndex(({ name }) => name === state.selected);
  const to = Math.max(0, Math.min(shown.length - 1, at + by));
  return { ...state, selected: shown[to]?.name ?? null };
}

function onFilter(state: TopState, key: Key): TopState {
  switch (key.tag) {
    case "enter":
      return { ...state, page: { tag: "table" } };
    case "escape":
      return reselected({ ...state, page: { tag: "table" }, filter: "" });
    case "backspace":
      return reselected({ ...state, filter: state.filter.slice(0, -1) });
    case "character":
      return reselected({ ...state, filter: state.filter + key.character });
    default:
      return state;
  }
}

type TextPage = Extract<TopPage, { readonly tag: "logs" | "details" }>;

function onText(state: TopState, page: TextPage, { key, rows }: { readonly key: Key; readonly rows: number }): TopStep {
  const isBack = key.tag === "escape" || key.tag === "backspace" || (key.tag === "character" && key.character === "q");
  if (isBack) return { state: { ...state, page: { tag: "table" } }, deed: { tag: "leave-page" } };
  // Output is read from its end, so up leads away from there.
  const sign = page.tag === "logs" ? 1 : -1;
  const most = Math.max(0, page.lines.length - rows);
  const steps = { up: sign, down: -sign, "page-up": sign * rows, "page-down": -sign * rows } as const;
  const by = key.tag in steps ? steps[key.tag as keyof typeof steps] : 0;
  return only({ ...state, page: { ...page, above: Math.max(0, Math.min(most, page.above + by)) } });
}
