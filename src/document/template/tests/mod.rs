//! The workbook is tested by filling it in and reading it back.
