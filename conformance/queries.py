"""Runs the DuckDB queries on standard input (a JSON list of SQL scripts) in the current folder. Prints the columns and
rows of each script's last statement, with times as text.
"""

import datetime
import decimal
import json
import sys

import duckdb


def plain(value):
    if isinstance(value, (datetime.date, datetime.datetime)):
        return str(value)
    return float(value) if isinstance(value, decimal.Decimal) else value


connection = duckdb.connect()
results = []
for query in json.load(sys.stdin):
    result = connection.execute(query)
    rows = [[plain(value) for value in row] for row in result.fetchall()]
    results.append({"columns": [column[0] for column in result.description or []], "rows": rows})
json.dump(results, sys.stdout)
