//! GitHub's GraphQL API: documents are read, checked against the schema and answered with exactly what they ask for.

mod commit;
mod parse;
mod query;
mod reader;
mod schema;

use serde_json::{Map, Value, json};

use crate::api::Asked;
use crate::fault::Operation;
use crate::http::Answer;

/// What a document does, told without reading it in full: it may be wrong.
pub(crate) fn operation_of(query: &str) -> Operation {
    let text = query
        .lines()
        .map(str::trim_start)
        .filter(|line| !line.starts_with('#') && !line.is_empty());
    if text.collect::<Vec<_>>().join("\n").starts_with("mutation") {
        Operation::Mutation
    } else {
        Operation::Query
    }
}

/// Answers a request.
pub(crate) fn handle(asked: Asked<'_>) -> Answer {
    let Some(body) = asked.call.json() else {
        asked.complain("the body is not JSON");
        return Answer::json(
            400,
            &json!({ "message": "Problems parsing JSON", "documentation_url": "https://docs.github.com/graphql" }),
        );
    };
    let document = match parse::parse(body["query"].as_str().unwrap_or_default()) {
        Ok(document) => document,
        Err(message) => return refuse(asked, &[json!({ "message": message })]),
    };
    let mut variables = match &body["variables"] {
        Value::Null => json!({}),
        variables => variables.clone(),
    };
    let errors = schema::validate(&document, &variables);
    if !errors.is_empty() {
        return refuse(asked, &errors);
    }
    for variable in &document.variables {
        if let (Some(default), true) = (&variable.default, variables[&variable.name].is_null()) {
            variables[&variable.name] = default.value(&Value::Null);
        }
    }
    let mut run = Run {
        asked,
        variables: &variables,
        errors: Vec::new(),
        refused: Vec::new(),
    };
    let data = match document.operation {
        Operation::Query => query::root(&mut run, &document.selection),
        Operation::Mutation => commit::root(&mut run, &document.selection),
    };
    if !run.refused.is_empty() {
        return refuse(asked, &run.refused);
    }
    let mut answer = json!({ "data": data });
    if !run.errors.is_empty() {
        answer["errors"] = Value::Array(run.errors);
    }
    Answer::json(200, &answer)
}

/// A document that GitHub would not run: no data, and a client that must be mended.
fn refuse(asked: Asked<'_>, errors: &[Value]) -> Answer {
    for error in errors {
        asked.complain(error["message"].as_str().unwrap_or_default());
    }
    Answer::json(200, &json!({ "errors": errors }))
}

/// One document while it is answered.
struct Run<'a> {
    asked: Asked<'a>,
    variables: &'a Value,
    /// What went wrong while it ran.
    errors: Vec<Value>,
    /// What GitHub would not even have begun with.
    refused: Vec<Value>,
}

impl Run<'_> {
    fn fail(&mut self, error_type: Option<&str>, path: &str, message: &str) {
        let mut error = json!({ "path": [path], "locations": [{ "line": 1, "column": 1 }], "message": message });
        if let Some(error_type) = error_type {
            error["type"] = json!(error_type);
        }
        self.errors.push(error);
    }

    fn refuse(&mut self, message: &str) {
        self.refused.push(json!({ "message": message }));
    }

    fn argument(&self, field: &parse::Field, name: &str) -> Value {
        let found = field
            .arguments
            .iter()
            .find(|(argument, _)| argument == name);
        found.map_or(Value::Null, |(_, argument)| argument.value(self.variables))
    }
}

/// Puts a value into an object, into what stands there where both are objects, as when a field is asked for twice.
fn merge(into: &mut Map<String, Value>, key: &str, value: Value) {
    match (into.get_mut(key), value) {
        (Some(Value::Object(standing)), Value::Object(more)) => {
            for (key, value) in more {
                merge(standing, &key, value);
            }
        }
        (_, value) => {
            into.insert(key.to_owned(), value);
        }
    }
}
