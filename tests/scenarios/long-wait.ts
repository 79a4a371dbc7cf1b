/** So often it is said, in milliseconds: before the time of a test is up. */
const SAY_EVERY_MS = 20_000;

/** Waits, and says on standard error what for if that takes long: a test whose time is up has no words of its own. */
export async function sayingWhatFor<Value>(what: () => string, wait: Promise<Value>): Promise<Value> {
  const timer = setInterval(() => console.error(`still waiting for ${what()}`), SAY_EVERY_MS);
  timer.unref();
  try {
    return await wait;
  } finally {
    clearInterval(timer);
  }
}
