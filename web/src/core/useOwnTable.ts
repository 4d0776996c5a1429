// What a table of one's own is made of: the answer of one question, or of one for each place that was chosen, all true as of the
// same journal sequence.
import { computed, type Ref } from "vue";
import { all, useAnswer } from "./live";
import { isJurisdiction } from "./owner";
import { scopeOf, type Perspective } from "./perspective";
import { AXES, tableOf, type Axis, type Found, type Layout } from "./pivot";
import { keyOf } from "./rollup";
import { registry, rollups } from "./service";
import { ASKED_AT_ONCE, ROWS_PAGE } from "./sizes";
import { learn } from "./spoken";
import type { Entry } from "./find";
import type { Jurisdiction } from "../gen/huizong/v1/registry_pb";
import { Dimension, type Coverage, type RollupRow } from "../gen/huizong/v1/rollup_pb";

type Question = Layout & Perspective & { jurisdiction: string };

/** All rows of one place, and what they are true as of; `asOf` where that is settled already. */
async function rowsOf({ measures, from, to, hierarchyYear, ...question }: Question, jurisdiction: string, groupBy: Dimension[], asOf: string | undefined, signal: AbortSignal) {
  const past = { ...(asOf ? { asOf } : {}), ...(hierarchyYear ? { hierarchyYear } : {}) };
  let sequence = BigInt(asOf ?? question.asOf ?? 0);
  let coverage: Coverage[] = [];
  const rows = await all((pageToken) => rollups.queryRollup({ scope: scopeOf(jurisdiction, past), firstYear: from, lastYear: to, measures, groupBy, pageSize: ROWS_PAGE, pageToken }, { signal }), (page) => {
    [sequence, coverage] = [page.asOf, page.coverage];
    return page.rows;
  });
  return { rows, sequence, coverage };
}

const dimensionsOf = (...axes: Axis[]) => [...new Set(axes.flatMap((axis) => AXES[axis].dimension ?? []))];

/** What each chosen one is called, and where an agency belongs. */
async function entriesOf(names: string[], tree: Map<string, Jurisdiction>, signal: AbortSignal): Promise<(Entry & { parent: string })[]> {
  return Promise.all(names.map(async (name) => {
    if (!isJurisdiction(name)) {
      const { agency } = await registry.getAgency({ name }, { signal });
      return { name, displayName: agency?.displayName ?? "", parent: agency?.jurisdiction ?? "" };
    }
    const jurisdiction = tree.get(name) ?? (await registry.getJurisdiction({ name }, { signal })).jurisdiction;
    return { name, displayName: jurisdiction?.displayName ?? "", parent: jurisdiction?.parent ?? "" };
  }));
}

async function chosen(question: Question, tree: Map<string, Jurisdiction>, signal: AbortSignal) {
  const owners = await entriesOf(question.of, tree, signal);
  learn(owners);
  const columns = dimensionsOf(question.columns);
  const parts: { jurisdiction: string; groupBy: Dimension[]; ownerOf: (row: RollupRow) => Entry | undefined }[] = owners
    .filter(({ name }) => isJurisdiction(name))
    .map((owner) => ({ jurisdiction: owner.name, groupBy: columns, ownerOf: () => owner }));
  const agencies = new Map(owners.filter(({ name }) => !isJurisdiction(name)).map((owner) => [owner.name, owner]));
  if (agencies.size > 0) parts.push({ jurisdiction: question.jurisdiction, groupBy: [Dimension.AGENCY, ...columns], ownerOf: (row) => agencies.get(keyOf(row, Dimension.AGENCY) ?? "") });
  if (!parts[0]) return { found: [], owners, sequence: 0n, coverage: [], isNested: false };
  const found: Found[][] = parts.map(() => []);
  const take = ({ rows }: { rows: RollupRow[] }, at: number) => {
    const { ownerOf } = parts[at]!;
    found[at] = rows.flatMap((row) => ({ row, owner: ownerOf(row) })).filter((one): one is Required<Found> => one.owner !== undefined);
  };
  // The first settles the moment of all.
  const first = await rowsOf(question, parts[0].jurisdiction, parts[0].groupBy, question.asOf, signal);
  take(first, 0);
  let next = 1;
  const work = async () => {
    for (let at = next++; at < parts.length; at = next++) take(await rowsOf(question, parts[at]!.jurisdiction, parts[at]!.groupBy, String(first.sequence), signal), at);
  };
  await Promise.all(Array.from({ length: ASKED_AT_ONCE }, work));
  const names = new Set(question.of);
  const above = (name: string) => {
    const path: string[] = [];
    for (let at: string | undefined = name; at && path.length < 10; at = tree.get(at)?.parent) path.push(at);
    return path;
  };
  return { found: found.flat(), owners, sequence: first.sequence, coverage: [], isNested: owners.some(({ parent }) => above(parent).some((name) => names.has(name))) };
}

export function useOwnTable(scope: Ref<string | undefined>, wanted: Ref<Layout>, perspective: Ref<Perspective>, tree: Ref<Map<string, Jurisdiction>>) {
  /** There is nothing to ask yet. */
  const isEmpty = computed(() => wanted.value.rows === "chosen" && wanted.value.of.length === 0);
  const loaded = useAnswer(
    () => (scope.value && wanted.value.measures.length > 0 && wanted.value.from <= wanted.value.to && !isEmpty.value && tree.value.size > 0 ? { jurisdiction: scope.value, ...wanted.value, ...perspective.value } : undefined),
    async (question, signal) => {
      if (question.rows === "chosen") return chosen(question, tree.value, signal);
      const { rows, ...rest } = await rowsOf(question, question.jurisdiction, dimensionsOf(question.rows, question.columns), question.asOf, signal);
      return { found: rows.map((row): Found => ({ row })), owners: [] as Entry[], isNested: false, ...rest };
    },
  );
  const table = computed(() => tableOf(wanted.value, loaded.answer.value?.found ?? [], loaded.answer.value?.owners, !loaded.answer.value?.isNested));
  /** Chosen ones of which nothing is counted. */
  const blank = computed(() => (wanted.value.rows === "chosen" ? table.value.rows.filter((row) => row.cells.every((cell) => cell === "")) : []));
  return { isEmpty, loaded, table, blank };
}
