// Times as people in China read them, whatever the clock of the machine says.
import { timestampDate, type Timestamp } from "@bufbuild/protobuf/wkt";
import { locale } from "./language";

export function timeText(time: Timestamp | undefined): string {
  if (!time) return "";
  return new Intl.DateTimeFormat(locale.value, { dateStyle: "medium", timeStyle: "short", timeZone: "Asia/Shanghai" }).format(timestampDate(time));
}

/** To the second, with the offset: for records. */
export function momentText(time: Timestamp | undefined): string {
  if (!time) return "";
  const parts = new Intl.DateTimeFormat("sv-SE", { dateStyle: "short", timeStyle: "medium", timeZone: "Asia/Shanghai" });
  return `${parts.format(timestampDate(time))} +08:00`;
}
