// The figures of the overview: the headlines of this year and the years before it, live; and what is asked anew whenever they
// change.
import { computed, ref } from "vue";
import { change, percent, signed } from "./figures";
import { say, t } from "./language";
import { useAnswer, useSums } from "./live";
import { scopeOf, usePerspective } from "./perspective";
import { usePlace } from "./place";
import { barsOf, countOf, keyOf, sizeOf } from "./rollup";
import { rollups } from "./service";
import type { Word } from "./words";
import { Dimension, type Coverage, type RollupRow } from "../gen/huizong/v1/rollup_pb";

export const RECEIVED = "requests.received";
export const CONCLUDED = "requests.outcomes_total";
export const REFUSED = "requests.refused";
const HEADLINES: [string, Word][] = [[RECEIVED, "newlyReceived"], ["requests.carried_over", "carriedOver"], [CONCLUDED, "disposed"], ["requests.carried_forward", "carriedForward"]];
/** Rates: what is divided by what. */
export const RATES: Record<"disclosureRate" | "correctionRate" | "litigationRate", { of: string[]; by: string[] }> = {
  disclosureRate: { of: ["requests.disclosed", "requests.partially_disclosed"], by: [CONCLUDED] },
  correctionRate: { of: ["disputes.reconsideration.corrected"], by: ["disputes.reconsideration.total"] },
  litigationRate: { of: ["disputes.litigation_direct.corrected", "disputes.litigation_after_reconsideration.corrected"], by: ["disputes.litigation_direct.total", "disputes.litigation_after_reconsideration.total"] },
};
const HEADLINE_RATES: { word: "disclosureRate" | "correctionRate"; hint: Word }[] = [{ word: "disclosureRate", hint: "disclosureRateHint" }, { word: "correctionRate", hint: "correctionRateHint" }];
const TREND_YEARS = 10;
const PROACTIVE = ["administrative_permits", "administrative_penalties", "administrative_compulsions", "administrative_fees"].map((line) => `proactive_disclosure.${line}`);
/** The edition of 2021 on has these lines; the one before counts other things by them. */
const PROACTIVE_SINCE = 2021;
const DISPUTES = ["reconsideration", "litigation_direct", "litigation_after_reconsideration"];
const RESULTS = ["upheld", "corrected", "other_result", "pending"];

/** A headline figure, with what it is compared with. */
export interface Headline {
  key: string;
  name: string;
  hint: string;
  count?: bigint;
  rate?: string | undefined;
  change: string | undefined;
  /** Of the years before, the earliest first; undefined where there is none. */
  years: (bigint | undefined)[];
}

export function useOverview() {
  const { year, scope } = usePlace();
  const { perspective, isOther } = usePerspective();
  const place = computed(() => (scope.value ? { jurisdiction: scope.value, year: year.value, ...perspective.value } : undefined));
  const measures = [...new Set([...HEADLINES.map(([measure]) => measure), ...Object.values(RATES).flatMap(({ of, by }) => [...of, ...by])])];
  const sums = useSums(
    () => (place.value ? { ...place.value, firstYear: year.value - TREND_YEARS + 1, measures } : undefined),
    () => isOther.value,
    ({ jurisdiction, year, firstYear, measures }, signal) => rollups.watchRollup({ scope: scopeOf(jurisdiction), firstYear, lastYear: year, measures, groupBy: [Dimension.YEAR] }, { signal }),
    ({ jurisdiction, year, firstYear, measures, ...past }, signal) => rollups.queryRollup({ scope: scopeOf(jurisdiction, past), firstYear, lastYear: year, measures, groupBy: [Dimension.YEAR] }, { signal }),
  );
  const now = sums.answer;
  const coverageOf = (of: number) => now.value?.coverage.find((one) => one.year === of);
  const coverage = computed(() => coverageOf(year.value));
  const sequence = computed(() => now.value?.asOf);
  const isEmpty = computed(() => coverage.value !== undefined && coverage.value.included === 0);
  const isIncomplete = (one: Coverage | undefined) => one !== undefined && one.included < one.expected;

  const rows = computed(() => new Map((now.value?.rows ?? []).map((row) => [`${row.measure} ${keyOf(row, Dimension.YEAR)}`, row])));
  const figure = (measure: string, of: number) => countOf(rows.value.get(`${measure} ${of}`));
  const sum = (measures: string[], of: number) => measures.reduce((sum, measure) => sum + (figure(measure, of) ?? 0n), 0n);
  /** This year and the last over the agencies that are in both, where there is a last. */
  const like = useAnswer(
    () => (sequence.value !== undefined && place.value && (coverageOf(year.value - 1)?.included ?? 0) > 0 ? { ...place.value, measures } : undefined),
    ({ jurisdiction, year, measures, ...past }, signal) => rollups.queryRollup({ scope: scopeOf(jurisdiction, past), firstYear: year - 1, lastYear: year, measures, groupBy: [Dimension.YEAR], comparable: true }, { signal }),
    () => sequence.value,
  );
  /** Changes are of those agencies unless all reports are asked for. */
  const comparesAll = ref(false);
  const compared = computed(() => (comparesAll.value ? rows.value : new Map((like.answer.value?.rows ?? []).map((row) => [`${row.measure} ${keyOf(row, Dimension.YEAR)}`, row]))));
  const changeOf = (measure: string) => {
    const [now, before] = [year.value, year.value - 1].map((of) => countOf(compared.value.get(`${measure} ${of}`)));
    return now === undefined ? undefined : change(now, before);
  };
  const pointsOf = ({ of, by }: { of: string[]; by: string[] }) => {
    const ratio = (one: number) => {
      const part = (measures: string[]) => measures.reduce((sum, measure) => sum + (countOf(compared.value.get(`${measure} ${one}`)) ?? 0n), 0n);
      return part(by) === 0n ? undefined : (part(of) * 1_000_000n) / part(by);
    };
    const [now, before] = [ratio(year.value), ratio(year.value - 1)];
    if (now === undefined || before === undefined) return undefined;
    return t("points", { points: signed(percent(now - before, 1_000_000n) ?? "").replace("%", "") });
  };
  const years = computed(() => Array.from({ length: TREND_YEARS }, (_, at) => year.value - TREND_YEARS + 1 + at).filter((one) => (coverageOf(one)?.included ?? 0) > 0 || one === year.value));
  const headlines = computed<Headline[]>(() => [
    ...HEADLINES.map(([measure, word]) => ({
      key: measure, name: t(word), hint: say(now.value?.totals.find((row) => row.measure === measure)?.measureLabel),
      count: figure(measure, year.value) ?? 0n, change: changeOf(measure),
      years: years.value.map((one) => figure(measure, one)),
    })),
    ...HEADLINE_RATES.map(({ word, hint }) => ({ key: word, name: t(word), hint: t(hint), rate: percent(sum(RATES[word].of, year.value), sum(RATES[word].by, year.value)), change: pointsOf(RATES[word]), years: [] })),
    { key: "reportingRate", name: t("reportingRate"), hint: t("reportingRateHint"), rate: percent(BigInt(coverage.value?.received ?? 0), BigInt(coverage.value?.expected ?? 0)), change: undefined, years: [] },
  ]);
  /** What a comparison with last year compares: agencies that are in both, or all reports of either. */
  const basis = computed(() => {
    const before = coverageOf(year.value - 1);
    return before && before.included > 0 ? { before: before.included, now: coverage.value?.included ?? 0, agencies: like.answer.value?.comparableAgencies } : undefined;
  });
  const trend = computed(() => {
    const first = years.value[0] ?? year.value;
    const all = Array.from({ length: year.value - first + 1 }, (_, at) => first + at);
    const line = (measure: string) => all.map((one) => ((coverageOf(one)?.included ?? 0) > 0 ? (figure(measure, one) ?? 0n) : undefined));
    return { years: all, incomplete: all.map((one) => isIncomplete(coverageOf(one))), lines: [{ name: t("newlyReceived"), counts: line(RECEIVED) }, { name: t("disposed"), counts: line(CONCLUDED) }] };
  });

  const details = useAnswer(
    () => (sequence.value === undefined ? undefined : place.value),
    async ({ jurisdiction, year, ...past }, signal) => {
      const ask = (measures: string[], groupBy: Dimension[]) => rollups.queryRollup({ scope: scopeOf(jurisdiction, past), firstYear: year, measures, groupBy }, { signal });
      const [requesters, outcomes, refusals, proactive, disputes] = await Promise.all([
        ask([RECEIVED], [Dimension.REQUESTER_TYPE]),
        ask([CONCLUDED], [Dimension.OUTCOME]),
        ask([REFUSED], [Dimension.CHILD_JURISDICTION, Dimension.LINE]),
        year >= PROACTIVE_SINCE ? ask(PROACTIVE, []) : undefined,
        ask(DISPUTES.flatMap((line) => RESULTS.map((result) => `disputes.${line}.${result}`)), []),
      ]);
      return { requesters, outcomes, refusals, proactive, disputes };
    },
    () => sequence.value,
  );
  const shown = details.answer;
  const requesters = computed(() => barsOf(shown.value?.requesters));
  const outcomes = computed(() => barsOf(shown.value?.outcomes));
  const proactive = computed(() => (shown.value?.proactive?.totals ?? []).map((row: RollupRow) => ({ name: say(row.measureLabel), row, size: sizeOf(row) })));
  /** Reasons for refusal by place: the places with the most first. */
  const refusals = computed(() => {
    const rows = shown.value?.refusals.rows ?? [];
    const labelOf = (row: RollupRow, dimension: Dimension) => say(row.keys.find((key) => key.dimension === dimension)?.label);
    const places = new Map<string, { name: string; key: string; total: bigint; counts: Map<string, bigint> }>();
    const reasons = new Map<string, string>();
    for (const row of rows) {
      const [key, line] = [keyOf(row, Dimension.CHILD_JURISDICTION) ?? "", keyOf(row, Dimension.LINE) ?? ""];
      const one = places.get(key) ?? { name: labelOf(row, Dimension.CHILD_JURISDICTION), key, total: 0n, counts: new Map() };
      one.total += countOf(row) ?? 0n;
      one.counts.set(line, countOf(row) ?? 0n);
      places.set(key, one);
      reasons.set(line, labelOf(row, Dimension.LINE).split(/·|: /).at(-1) ?? line);
    }
    return { places: [...places.values()].sort((one, other) => (one.total < other.total ? 1 : one.total > other.total ? -1 : 0)), reasons: [...reasons] };
  });
  const disputes = computed(() => {
    const byMeasure = new Map((shown.value?.disputes.totals ?? []).map((row) => [row.measure, row]));
    const of = (line: string, result: string) => byMeasure.get(`disputes.${line}.${result}`);
    const split = (row: RollupRow | undefined) => say(row?.measureLabel).split(/·|, /);
    return {
      names: DISPUTES.map((line) => split(of(line, RESULTS[0]!))[0] ?? line),
      series: RESULTS.map((result) => ({ name: split(of(DISPUTES[0]!, result)).at(-1) ?? result, counts: DISPUTES.map((line) => countOf(of(line, result)) ?? 0n) })),
    };
  });
  return { place, year, scope, sums, like, comparesAll, now, coverage, sequence, isEmpty, headlines, basis, trend, details, requesters, outcomes, proactive, refusals, disputes };
}

export type Overview = ReturnType<typeof useOverview>;
