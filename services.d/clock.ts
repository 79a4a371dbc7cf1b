// A service needs nothing special: it is any program that stays in the foreground and prints what it has to say.

tick();

function tick(): void {
  const now = new Date();
  console.log(now.toISOString());
  // To the next full second, so that it does not drift.
  setTimeout(tick, 1000 - now.getMilliseconds());
}
