/* Composition root of the Worker that looks at conditions and reads environment files: one service after the other. */
import { type LookRequest, look } from "./config/look.ts";

declare const self: Worker;

self.onmessage = (event: MessageEvent<LookRequest>) => self.postMessage(look(event.data));
