import type { PlainData } from "./plain-data.ts";
import type { ServiceRecord } from "./service-record.ts";

/** The record with what is written down beside it under this word; null: nothing any more. The same one if nothing changes. */
export function annotatedRecord(record: ServiceRecord, word: string, data: PlainData): ServiceRecord {
  const { [word]: known, ...others } = record.beside;
  if (data === null && known === undefined) return record;
  return { ...record, beside: data === null ? others : { ...others, [word]: data } };
}
