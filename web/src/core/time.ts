// Times as people in China read them, whatever the clock of the machine says: 2026-01-31 16:05, in Beijing time.
import { timestampDate, timestampFromDate, type Timestamp } from "@bufbuild/protobuf/wkt";
import { t } from "./language";

const DAY_MS = 24 * 60 * 60 * 1000;
const HOUR_MS = 60 * 60 * 1000;
/** Beijing is ahead of UTC by as much, all year. */
const BEIJING_MS = 8 * HOUR_MS;

/** The date and the time of day in Beijing: ["2026-01-31", "16:05:09"]. */
function inBeijing(date: Date): [string, string] {
  const [day = "", time = ""] = new Date(date.getTime() + BEIJING_MS).toISOString().split("T");
  return [day, time.slice(0, 8)];
}

/** To the minute. */
export function timeText(time: Timestamp | undefined): string {
  return time ? dateTimeText(timestampDate(time)) : "";
}

export function dateTimeText(date: Date): string {
  const [day, time] = inBeijing(date);
  return `${day} ${time.slice(0, 5)}`;
}

/** To the second, with the offset: for records. */
export function momentText(time: Timestamp | undefined): string {
  if (!time) return "";
  const [day, clock] = inBeijing(timestampDate(time));
  return `${day} ${clock} +08:00`;
}

/** To the second, where it is said that times are Beijing's. */
export function clockText(time: Timestamp | undefined): string {
  return time ? inBeijing(timestampDate(time)).join(" ") : "";
}

/** A time by which something is due: midnight is the end of the day before, as offices write it. */
export function deadlineText(time: Timestamp | undefined): string {
  if (!time) return "";
  const date = timestampDate(time);
  const [, clock] = inBeijing(date);
  return clock === "00:00:00" ? t("endOfDay", { date: inBeijing(new Date(date.getTime() - 1))[0] }) : dateTimeText(date);
}

/** The date that a deadline is entered as; undefined where there is none. */
export function deadlineDay(time: Timestamp | undefined): string {
  return time ? inBeijing(new Date(timestampDate(time).getTime() - 1))[0] : "";
}

/** The end of a day in Beijing, entered as 2026-01-31; undefined for what is no day. */
export function endOfDay(text: string): Timestamp | undefined {
  const start = new Date(`${text}T00:00:00+08:00`);
  return /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(start.getTime()) ? timestampFromDate(new Date(start.getTime() + DAY_MS)) : undefined;
}

/** How long until a time, or since: in days, and in hours on the last day. */
export function leftText(time: Timestamp, now = Date.now()): string {
  const left = timestampDate(time).getTime() - now;
  if (left >= DAY_MS) return t("daysLeft", { days: Math.floor(left / DAY_MS) });
  if (left > 0) return t("hoursLeft", { hours: Math.max(1, Math.floor(left / HOUR_MS)) });
  return left > -DAY_MS ? t("justOver") : t("daysOver", { days: Math.floor(-left / DAY_MS) });
}

export const isPast = (time: Timestamp | undefined, now = Date.now()) => time !== undefined && timestampDate(time).getTime() <= now;

/** Whole days from a time until now. */
export const daysSince = (time: Timestamp, now = Date.now()) => Math.max(0, Math.floor((now - timestampDate(time).getTime()) / DAY_MS));

/** The calendar year in Beijing. */
export const yearNow = (now = Date.now()) => new Date(now + BEIJING_MS).getUTCFullYear();
