/* Writes the screens of the tour into the README: bun run tour */
import { readFileSync, writeFileSync } from "node:fs";
import { tellFirstMinutes, whyNoFirstMinutes } from "./first-minutes.ts";
import { tellOrder } from "./order.ts";
import { withBlocks } from "./page.ts";
import { README } from "./stage.ts";
import { needsStack, tellStack } from "./stack.ts";

const blocks = {
  ...(whyNoFirstMinutes === null ? await tellFirstMinutes() : {}),
  ...(needsStack ? {} : await tellStack()),
  ...(await tellOrder()),
};
writeFileSync(README, withBlocks(readFileSync(README, "utf8"), blocks));
