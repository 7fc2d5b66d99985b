"""Asks DuckDB the questions on standard input (a JSON list of SQL texts) in the present folder, one after the other, and
prints of each the columns and rows of its last statement, times as text.
"""

import datetime
import decimal
import json
import sys

import duckdb


def told(value):
    if isinstance(value, (datetime.date, datetime.datetime)):
        return str(value)
    return float(value) if isinstance(value, decimal.Decimal) else value


connection = duckdb.connect()
answers = []
for question in json.load(sys.stdin):
    answer = connection.execute(question)
    rows = [[told(value) for value in row] for row in answer.fetchall()]
    answers.append({"columns": [column[0] for column in answer.description or []], "rows": rows})
json.dump(answers, sys.stdout)
