// Builds the dashboard: everything in files of its own, nothing inline, no address outside of this service.
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { brotliCompressSync } from "node:zlib";
import vue from "@vitejs/plugin-vue";
import { defineConfig, type Plugin } from "vite";
import { spoken } from "./words.plugin.ts";

/** Beside each script and style its compressed form (at Brotli's highest level, by default), which the service gives as it is. Of the
 * files as they were written: other plugins change them to the last. */
const compressed: Plugin = {
  name: "compressed",
  apply: "build",
  async writeBundle({ dir = "" }, bundle) {
    const files = Object.keys(bundle).filter((name) => /\.(js|css)$/.test(name));
    await Promise.all(files.map(async (name) => writeFile(path.join(dir, `${name}.br`), brotliCompressSync(await readFile(path.join(dir, name))))));
  },
};

export default defineConfig({
  plugins: [vue(), spoken, compressed],
  define: { __VUE_OPTIONS_API__: "false", __VUE_PROD_DEVTOOLS__: "false" },
  build: {
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 800,
  },
  server: { proxy: { "/huizong.v1": "http://127.0.0.1:7411", "/v1": "http://127.0.0.1:7411", "/session": "http://127.0.0.1:7411" } },
});
