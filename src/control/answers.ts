import type { DetailsView } from "../core/details-view.ts";
import type { GraphView } from "../core/graph-view.ts";
import type { HistoryListAnswer, ReportView, RunView } from "../core/history-view.ts";
import type { EventView, ServiceView } from "../core/service-view.ts";
import type { UpgradeView } from "../core/upgrade.ts";
import type { UsageView } from "../core/usage-view.ts";
import type { LogLine, OutputItem, VersionView } from "./control-port.ts";
import type { ActLine, AskAnswer, ReloadAnswer, ScaleAnswer } from "./protocol.ts";

/** One service with all that is shown on one screen. */
export interface PageView {
  readonly service: ServiceView;
  readonly details: DetailsView;
  /** The last ones of its output, oldest first; null: what holds them does not answer. */
  readonly lines: readonly LogLine[] | null;
}

/** What each route answers when all is well. The streams, `act` and `logs` answer one of these a line. */
export interface Answers {
  readonly services: readonly ServiceView[];
  readonly service: ServiceView;
  readonly start: AskAnswer;
  readonly stop: AskAnswer;
  readonly restart: AskAnswer;
  readonly reload: AskAnswer;
  readonly reset: AskAnswer;
  readonly signal: AskAnswer;
  readonly logs: LogLine;
  readonly events: EventView;
  readonly reloadAll: ReloadAnswer;
  readonly shutdown: AskAnswer;
  readonly version: VersionView;
  readonly graph: GraphView;
  readonly scale: ScaleAnswer;
  readonly metrics: string;
  readonly healthz: { readonly status: "ok" };
  readonly readyz: { readonly status: "ok" };
  readonly openapi: { readonly openapi: string };
  readonly act: ActLine;
  readonly usage: readonly UsageView[];
  readonly details: DetailsView;
  readonly runs: readonly RunView[];
  readonly history: HistoryListAnswer;
  readonly report: ReportView;
  readonly output: OutputItem;
  readonly upgrade: UpgradeView;
  readonly page: PageView;
}

/** Routes that answer one object a line. */
export type LineRoute = "logs" | "events" | "act" | "output";
/** Routes that answer one JSON value; `metrics` answers text. */
export type ValueRoute = Exclude<keyof Answers, LineRoute | "metrics">;
