import type { PlainData } from "./plain-data.ts";
import type { ServiceRecord } from "./service-record.ts";

/** The record with what is written down beside it under this word; null: nothing any more. The same one if nothing changes. */
export function annotatedRecord(record: ServiceRecord, word: string, data: PlainData): ServiceRecord {
  // Whole copies: to take words apart takes several times as long, and this is done with each start and each end.
  if (data !== null) return { ...record, beside: { ...record.beside, [word]: data } };
  if (record.beside[word] === undefined) return record;
  const { [word]: _, ...others } = record.beside;
  return { ...record, beside: others };
}
