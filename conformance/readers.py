"""Reads a report with a common tool. Prints the types of the columns, and the rows with times in UTC and missing values
as null.

    readers.py csv|duckdb|pandas FILE
"""

import csv
import datetime
import json
import sys

TIMES = ["Report Time", "Last Authenticated At", "Last Activity At"]


def with_csv(path):
    with open(path, newline="", encoding="utf-8") as file:
        reader = csv.reader(file, strict=True)
        columns, *rows = reader
    values = [[None if value == "None" else value for value in row] for row in rows]
    for row in values:
        for i, column in enumerate(columns):
            if column in TIMES and row[i] is not None:
                row[i] = datetime.datetime.fromisoformat(row[i])
    return {column: "text" for column in columns}, values


def with_duckdb(path):
    import duckdb

    duckdb.sql("SET TimeZone = 'UTC'")
    table = duckdb.sql(f"FROM read_csv('{path}', header = true, nullstr = 'None')")
    return dict(zip(table.columns, map(str, table.types))), table.fetchall()


def with_pandas(path):
    import pandas

    table = pandas.read_csv(path, na_values=["None"], keep_default_na=False, parse_dates=TIMES)
    types = {column: str(kind) for column, kind in table.dtypes.items()}
    plain = table.astype(object).where(table.notna(), None)
    return types, plain.values.tolist()


def portable(value):
    if isinstance(value, datetime.datetime):
        zone = value.tzinfo or datetime.timezone.utc
        return value.replace(tzinfo=zone).astimezone(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    return value


tool, path = sys.argv[1:]
types, rows = {"csv": with_csv, "duckdb": with_duckdb, "pandas": with_pandas}[tool](path)
json.dump({"types": types, "rows": [[portable(value) for value in row] for row in rows]}, sys.stdout)
