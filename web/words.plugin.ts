// The words of the screen in one language, as `words:zh` and `words:en`: they are written in pairs, and a reader loads the half
// that is read.
import path from "node:path";
import { runnerImport, type Plugin } from "vite";
import type { Words } from "./src/words";

const SOURCE = path.resolve(import.meta.dirname, "src/words/index.ts");
const LANGUAGES = ["zh", "en"];

export const spoken: Plugin = {
  name: "words",
  resolveId: (id) => (/^words:/.test(id) ? `\0${id}` : undefined),
  async load(id) {
    const place = LANGUAGES.indexOf(/^\0words:(.*)$/.exec(id)?.[1] ?? "");
    if (place < 0) return undefined;
    const { module, dependencies } = await runnerImport<{ words: Words }>(SOURCE);
    dependencies.forEach((file) => this.addWatchFile(path.resolve(import.meta.dirname, file)));
    return `export default ${JSON.stringify(Object.fromEntries(Object.entries(module.words).map(([word, pair]) => [word, pair[place]])))}`;
  },
};
