import { openStateMapping } from "../../src/os/state-mapping.ts";

/* Opens the state mapping that its argument names, takes a slot in it, and says on descriptor 1 how that went. */
const opening = openStateMapping(process.argv[2] ?? "", { bootId: "boot", pid: process.pid });
const allocation = opening.tag === "ok" ? opening.mapping.allocate("a") : null;
if (opening.tag === "failed") process.stdout.write(`${opening.message}\n`);
else if (allocation?.tag === "failed") process.stdout.write(`opened; ${allocation.reason}\n`);
else process.stdout.write("opened, allocated\n");
