// A web server that ends politely on SIGTERM and reads its greeting again on SIGHUP.

const greetingFile = `${import.meta.dir}/greeting.txt`;
let greeting = await readGreeting();

const server = Bun.serve({
  hostname: "127.0.0.1",
  port: Number(process.env["PORT"] ?? "8017"),
  fetch: () => new Response(`${greeting}\n`),
});
console.log(`listening on ${server.url.href}`);

process.on("SIGHUP", async () => {
  greeting = await readGreeting();
  console.log(`the greeting is now "${greeting}"`);
});

process.on("SIGTERM", async () => {
  console.log("finishing what is being answered");
  await server.stop();
  process.exit(0);
});

async function readGreeting(): Promise<string> {
  const file = Bun.file(greetingFile);
  return (await file.exists()) ? (await file.text()).trim() : "There is no greeting.txt beside web.ts.";
}
