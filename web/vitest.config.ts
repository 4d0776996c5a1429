import vue from "@vitejs/plugin-vue";
import { defineConfig } from "vitest/config";
import { spoken } from "./words.plugin.ts";

export default defineConfig({ plugins: [vue(), spoken], test: { include: ["test/**/*.test.ts"], setupFiles: ["test/languages.ts"] } });
