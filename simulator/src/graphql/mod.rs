//! GitHub's GraphQL API: validates a document against the schema, and answers with the fields it selects.

mod commit;
mod execute;
mod query;
mod schema;

use bluejay_core::executable::OperationDefinition as _;
use bluejay_core::{AsIter as _, OperationType};
use bluejay_parser::Error;
use bluejay_parser::ast::Parse as _;
use bluejay_parser::ast::executable::ExecutableDocument;
use serde_json::{Map, Value, json};

use crate::api::asked::Asked;
use crate::http::Answer;
use execute::{Execution, Field, Resolved};

/// Answers a request.
pub(crate) fn handle(asked: Asked<'_>) -> Answer {
    let Some(mut body) = asked.call.json() else {
        asked.complain("the body is not JSON");
        return Answer::json(
            400,
            &json!({ "message": "Problems parsing JSON", "documentation_url": "https://docs.github.com/graphql" }),
        );
    };
    let mut variables = match body["variables"].take() {
        Value::Object(variables) => variables,
        _ => Map::new(),
    };
    let query = body["query"].as_str().unwrap_or_default();
    let answer = execute(asked, query, body["operationName"].as_str(), &mut variables);
    Answer::json(
        200,
        &answer.unwrap_or_else(|errors| {
            // A request that GitHub doesn't execute is a mistake of the client.
            errors.iter().for_each(|error| asked.complain(error));
            let errors = errors.iter().map(|error| json!({ "message": error }));
            json!({ "errors": errors.collect::<Value>() })
        }),
    )
}

fn execute(
    asked: Asked<'_>,
    query: &str,
    name: Option<&str>,
    variables: &mut Map<String, Value>,
) -> Result<Value, Vec<String>> {
    let document = ExecutableDocument::parse(query).result.map_err(|errors| {
        let errors = Error::into_graphql_errors(query, errors).into_iter();
        errors
            .map(|error| format!("Parse error: {}", error.message))
            .collect::<Vec<_>>()
    })?;
    let problems = schema::problems(&document, name, variables);
    let mut operations = document.operation_definitions().iter();
    let operation = operations.find(|one| name.is_none() || one.as_ref().name() == name);
    let Some(operation) = operation.filter(|_| problems.is_empty()) else {
        return Err(problems);
    };
    if let Some(declared) = operation.as_ref().variable_definitions() {
        for variable in declared.iter() {
            if let Some(default) = variable.default_value() {
                let name = variable.variable().as_str();
                let default = execute::value(default, &Map::new());
                variables.entry(name).or_insert(default);
            }
        }
    }
    let root = match operation.as_ref().operation_type() {
        OperationType::Mutation => "Mutation",
        _ => "Query",
    };
    let mut execution = Execution {
        asked,
        variables,
        errors: Vec::new(),
    };
    let resolve = |field: &Field<'_>| resolve_root(asked, field);
    let data = execution.object(root, &[operation.selection_set()], &[], resolve);
    let mut answer = json!({ "data": data });
    if !execution.errors.is_empty() {
        answer["errors"] = Value::Array(execution.errors);
    }
    Ok(answer)
}

/// Resolves a field of a query or a mutation.
fn resolve_root(asked: Asked<'_>, field: &Field<'_>) -> Resolved {
    match field.name() {
        "repository" => {
            let full_name = format!("{}/{}", field.text("owner"), field.text("name"));
            query::place(asked, &full_name).map_or_else(|error| error, query::repository)
        }
        "enterprise" => query::enterprise(asked, &field.text("slug")),
        "createCommitOnBranch" => commit::create(asked, &field.argument("input")),
        "rateLimit" => {
            let now = jiff::Timestamp::now().to_string();
            let known = json!({
                "cost": 1, "limit": 5000, "remaining": 5000, "resetAt": now, "used": 0,
            });
            query::plain("RateLimit", known)
        }
        _ => Resolved::Unserved,
    }
}
