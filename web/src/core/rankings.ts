// What places are ranked by: sums, and rates of two sums; and how either changed since last year.
import { amountText, change, formatAmount, formatCount, percent, signed } from "./figures";
import { CONCLUDED, RATES, RECEIVED, REFUSED } from "./useOverview";
import type { Word } from "./words";

export interface Ranking {
  key: string;
  word: Word;
  of: string[];
  /** What it is divided by; none for a sum. */
  by?: string[];
}

export const RANKINGS: Ranking[] = [
  { key: "received", word: "newlyReceived", of: [RECEIVED] },
  { key: "concluded", word: "disposed", of: [CONCLUDED] },
  { key: "disclosureRate", word: "disclosureRate", ...RATES.disclosureRate },
  { key: "refusedShare", word: "refusedShare", of: [REFUSED], by: [CONCLUDED] },
  { key: "correctionRate", word: "correctionRate", ...RATES.correctionRate },
  { key: "litigationRate", word: "litigationRate", ...RATES.litigationRate },
  { key: "permits", word: "permits", of: ["proactive_disclosure.administrative_permits"] },
  { key: "penalties", word: "penalties", of: ["proactive_disclosure.administrative_penalties"] },
  { key: "fees", word: "fees", of: ["proactive_disclosure.administrative_fees"] },
];

export interface Ranked {
  key: string;
  name: string;
  /** To sort and draw by; undefined where there is nothing to divide by or compare with. */
  size: number | undefined;
  text: string;
  count: bigint;
}

/** Sums of a place in two years, by measure. */
export interface Sums {
  key: string;
  name: string;
  now: Map<string, bigint>;
  before: Map<string, bigint>;
}

const MILLION = 1_000_000n;
const sumOf = (measures: string[], sums: Map<string, bigint>) => measures.reduce((sum, measure) => sum + (sums.get(measure) ?? 0n), 0n);
/** In millionths; undefined where there is no whole. */
function ratioOf(ranking: Ranking, sums: Map<string, bigint>): bigint | undefined {
  const whole = sumOf(ranking.by ?? [], sums);
  return whole === 0n ? undefined : (sumOf(ranking.of, sums) * MILLION) / whole;
}

/** The largest first; what has no value stands at the end. */
export function rankedBy(ranking: Ranking, isChange: boolean, isAmount: boolean, places: Sums[]): Ranked[] {
  const rows = places.map(({ key, name, now, before }): Ranked => {
    const count = sumOf(ranking.of, now);
    if (ranking.by) {
      const [ratio, last] = [ratioOf(ranking, now), ratioOf(ranking, before)];
      if (!isChange) return { key, name, count, size: ratio === undefined ? undefined : Number(ratio), text: ratio === undefined ? "—" : (percent(ratio, MILLION) ?? "—") };
      const points = ratio === undefined || last === undefined ? undefined : ratio - last;
      const text = points === undefined ? "—" : percent(points, MILLION)!;
      return { key, name, count, size: points === undefined ? undefined : Number(points), text: points === undefined ? text : signed(text) };
    }
    if (!isChange) return { key, name, count, size: Number(count), text: isAmount ? formatAmount(amountText(count)) : formatCount(count) };
    const last = sumOf(ranking.of, before);
    const text = before.size === 0 ? undefined : change(count, last);
    return { key, name, count, size: text === undefined ? undefined : Number(((count - last) * MILLION) / (last < 0n ? -last : last)), text: text ?? "—" };
  });
  return rows.sort((one, other) => (one.size === undefined ? 1 : other.size === undefined ? -1 : other.size - one.size));
}
