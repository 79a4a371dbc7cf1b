import { DEFAULT_LOG_LINES, MAX_LOG_LINES } from "./limits.ts";
import { detailsView, logLine, serviceView } from "./protocol.ts";
import { list, nullOr, object, otherwise, whole } from "./shape.ts";

/** Query of a page. `lines`: how many of the last lines of output. */
export const pageQuery = object({ lines: otherwise(whole(0, MAX_LOG_LINES), DEFAULT_LOG_LINES) });

/** One service with all that is shown on one screen. `lines`: null: what holds them does not answer. */
export const pageView = object({ service: serviceView, details: detailsView, lines: nullOr(list(logLine)) });
