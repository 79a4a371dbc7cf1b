/* Cron, reckoned the long way: what the clock of a zone shows in each minute, compared with each field of the text. */

/** A minute, and what the clock of the zone shows in it. */
export interface Shown {
  readonly instant: number;
  /** The local time as if it were UTC. */
  readonly local: number;
}

const MINUTE_MS = 60_000;

/** Every minute after `from` and until `to`; the first is `from` itself. */
export function shownBetween(zone: string, from: number, to: number): readonly Shown[] {
  const format = new Intl.DateTimeFormat("en-GB", {
    timeZone: zone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
  });
  const shown: Shown[] = [];
  for (let instant = from; instant <= to; instant += MINUTE_MS) {
    const [day, month, year, hour, minute] = format.format(instant).match(/\d+/g)?.map(Number) ?? [];
    shown.push({ instant, local: Date.UTC(year ?? 0, (month ?? 0) - 1, day, hour, minute) });
  }
  return shown;
}

/** The instants at which it is due, without the first minute of the walk. */
export function dueMinutes(text: string, walk: readonly Shown[]): readonly number[] {
  const [minute = "", hour = ""] = text.split(" ");
  const isFrequent = minute.startsWith("*") || hour.startsWith("*");
  const matches = matcherOf(text);
  const due: number[] = [];
  let latest = walk[0]?.local ?? 0;
  for (const { instant, local } of walk.slice(1)) {
    // A time of day counts when the clock reaches it, or passes it over, for the first time.
    let isDue = isFrequent && matches(new Date(local));
    for (let passed = latest + MINUTE_MS; !isFrequent && passed <= local; passed += MINUTE_MS)
      isDue ||= matches(new Date(passed));
    latest = Math.max(latest, local);
    if (isDue) due.push(instant);
  }
  return due;
}

function matcherOf(text: string): (date: Date) => boolean {
  const [minute = "", hour = "", day = "", month = "", weekday = ""] = text.split(" ");
  const [minutes, hours] = [valuesOf(minute, 0, 59), valuesOf(hour, 0, 23)];
  const [days, months, weekdays] = [valuesOf(day, 1, 31), valuesOf(month, 1, 12), valuesOf(weekday, 0, 7)];
  const isBoth = day.startsWith("*") || weekday.startsWith("*");
  return (date) => {
    if (!minutes[date.getUTCMinutes()] || !hours[date.getUTCHours()] || !months[date.getUTCMonth() + 1]) return false;
    const isDay = days[date.getUTCDate()] === true;
    const isWeekday = weekdays[date.getUTCDay()] === true || (date.getUTCDay() === 0 && weekdays[7] === true);
    return isBoth ? isDay && isWeekday : isDay || isWeekday;
  };
}

/** For each number whether the field names it. */
function valuesOf(field: string, least: number, most: number): readonly boolean[] {
  return Array.from({ length: most + 1 }, (_, value) =>
    field.split(",").some((part) => {
      const [range = "", step = "1"] = part.split("/");
      const [from = "", to = from] = range === "*" ? [String(least), String(most)] : range.split("-");
      return value >= Number(from) && value <= Number(to) && (value - Number(from)) % Number(step) === 0;
    }),
  );
}
