/*
 * Answers each connection on the first socket that it was passed with its pid and a newline. At SIGTERM it takes no more
 * of them, finishes those that it has, and ends. Exits 3 if nothing was passed to this very process.
 */
import { createServer } from "node:net";

const FIRST_PASSED = 3;

if (process.env["LISTEN_PID"] !== String(process.pid)) process.exit(3);

const server = createServer((connection) => {
  connection.on("error", () => {});
  connection.resume();
  connection.end(`${process.pid}\n`);
});
server.listen({ fd: FIRST_PASSED });
process.on("SIGTERM", () => void server.close(() => process.exit(0)));
