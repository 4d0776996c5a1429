// Before each file of tests both languages are there.
import { learnLanguage } from "../src/core/language";

await Promise.all([learnLanguage("zh"), learnLanguage("en")]);
