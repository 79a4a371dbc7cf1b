import { outputTo } from "../../../src/cli/descriptor-output.ts";

// Writes until nobody reads any more, then says so on standard error.
const out = outputTo(1);
const line = `${"x".repeat(999)}\n`;
let written = 0;
while (written < 100_000 && out.write(line)) written++;
outputTo(2).write(written < 100_000 ? "closed" : "never closed");
