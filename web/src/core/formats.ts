// The formats of documents that are read, as src/document/read/format.rs lists them; a test compares the two.
export const FORMAT_NAMES = "PDF, OFD, DOCX, XLSX, DOC/WPS, XLS/ET, RTF, MHT/EML, CSV, HTML, Markdown, TXT";
export const FORMAT_ENDINGS = ".pdf,.ofd,.docx,.xlsx,.doc,.wps,.xls,.et,.rtf,.mht,.mhtml,.eml,.csv,.html,.htm,.md,.markdown,.txt";
