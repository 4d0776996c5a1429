// The words in one language, which vite.config.ts makes of src/words.
declare module "words:*" {
  const texts: Record<import("./words").Word, string>;
  export default texts;
}
