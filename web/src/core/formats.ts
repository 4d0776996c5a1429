// The formats of documents that are read, as src/document/read/format.rs lists them; a test compares the two.
export const FORMAT_NAMES = "PDF, DOCX, XLSX, CSV, HTML, Markdown, TXT";
export const FORMAT_ENDINGS = ".pdf,.docx,.xlsx,.csv,.html,.htm,.md,.markdown,.txt";
