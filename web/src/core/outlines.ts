// The outlines of jurisdictions that the operator supplies as GeoJSON, where there are any.

export interface Feature {
  type: "Feature";
  properties: Record<string, unknown>;
  geometry: unknown;
}

/** Outlines by division code, under a name of their own. */
export interface Outlines {
  name: string;
  features: Feature[];
}

let asked: Promise<Feature[]> | undefined;
/** All of them, asked for once; none where the operator supplies no map. */
function all(): Promise<Feature[]> {
  asked ??= fetch("/map.json").then(async (answer) => (answer.status === 200 ? ((await answer.json()) as { features: Feature[] }).features : []));
  asked.catch(() => (asked = undefined));
  return asked;
}

const codeOf = ({ properties }: Feature) => String(properties?.code ?? properties?.adcode ?? "");

/** Those of some jurisdictions, each with its code; undefined where not one of them has an outline. */
export async function outlinesOf(names: string[]): Promise<Outlines | undefined> {
  const codes = new Set(names.map((name) => name.replace("jurisdictions/", "")));
  const features = (await all()).filter((one) => codes.has(codeOf(one))).map((one) => ({ ...one, properties: { ...one.properties, code: codeOf(one) } }));
  return features.length > 0 ? { name: features.map(codeOf).join(), features } : undefined;
}
