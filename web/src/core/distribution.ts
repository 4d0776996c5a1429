// How a count is spread over agencies: how many have none, some, or many.
import { formatCount } from "./figures";

export interface Class {
  /** The counts that are in it, as text: 10–99. */
  name: string;
  agencies: number;
}

/** A class has ten times the counts of the one before. */
const BASE = 10n;
/** The last has all that is more. */
const LAST = 1000n;

/** In the order of the counts; the middle one of all is exact, the lower of two. */
export function distributionOf(counts: bigint[]): { classes: Class[]; median: bigint | undefined } {
  const bounds = [0n, 1n];
  while (bounds.at(-1)! < LAST) bounds.push(bounds.at(-1)! * BASE);
  const classes = bounds.map((from, at): Class => {
    const next = bounds[at + 1];
    const name = next === undefined ? `≥ ${formatCount(from)}` : next - from === 1n ? formatCount(from) : `${formatCount(from)}–${formatCount(next - 1n)}`;
    return { name, agencies: counts.filter((count) => count >= from && (next === undefined || count < next)).length };
  });
  const sorted = [...counts].sort((one, other) => (one < other ? -1 : one > other ? 1 : 0));
  return { classes, median: sorted[Math.floor((sorted.length - 1) / 2)] };
}
