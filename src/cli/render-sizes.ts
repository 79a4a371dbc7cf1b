const UNITS = ["K", "M", "G", "T"] as const;

/** A number of bytes with two or three digits: "0", "840K", "1.2M", "12M". */
export function sizeWordsOf(bytes: number): string {
  if (bytes < 1024) return String(Math.round(bytes));
  let size = bytes;
  let unit = "";
  for (const next of UNITS) {
    if (Math.round(size) < 1000 && unit !== "") break;
    size /= 1024;
    unit = next;
  }
  return `${size < 9.95 ? size.toFixed(1) : Math.round(size)}${unit}`;
}

/** A share of processor time: "0%", "0.3%", "12%", "250%". */
export function percentWordsOf(percent: number): string {
  return `${percent === 0 || percent >= 9.95 ? Math.round(percent) : percent.toFixed(1)}%`;
}
