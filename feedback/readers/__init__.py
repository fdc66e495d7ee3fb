"""Readers of survey files; one file each. A new one is its file, its line here, and its tests."""

READERS = {
    ".csv": "feedback.readers.csv_file:CsvReader",
    ".tsv": "feedback.readers.csv_file:CsvReader",
    ".txt": "feedback.readers.csv_file:CsvReader",
    ".xlsx": "feedback.readers.xlsx:XlsxReader",
}
