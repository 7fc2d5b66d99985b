//! GitHub's GraphQL API: validates a document against the schema, and returns the selected fields.

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

use crate::api::context::{Context, identity};
use crate::http::Response;
use execute::{Execution, Field, Resolved};

/// Handles a request.
pub(crate) fn handle(context: Context<'_>) -> Response {
    let Some(mut body) = context.call.json() else {
        context.report_violation("the body isn't JSON");
        return Response::json(
            400,
            &json!({ "message": "Problems parsing JSON", "documentation_url": "https://docs.github.com/graphql" }),
        );
    };
    let mut variables = match body["variables"].take() {
        Value::Object(variables) => variables,
        _ => Map::new(),
    };
    let query = body["query"].as_str().unwrap_or_default();
    let response = execute(
        context,
        query,
        body["operationName"].as_str(),
        &mut variables,
    );
    Response::json(
        200,
        &response.unwrap_or_else(|errors| {
            // A request that GitHub doesn't execute is a client error.
            errors
                .iter()
                .for_each(|error| context.report_violation(error));
            let errors = errors.iter().map(|error| json!({ "message": error }));
            json!({ "errors": errors.collect::<Value>() })
        }),
    )
}

fn execute(
    context: Context<'_>,
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
        context,
        variables,
        errors: Vec::new(),
    };
    let resolve = |field: &Field<'_>| resolve_root(context, field);
    let data = execution.object(root, &[operation.selection_set()], &[], resolve);
    let mut response = json!({ "data": data });
    if !execution.errors.is_empty() {
        response["errors"] = Value::Array(execution.errors);
    }
    Ok(response)
}

/// Resolves a field of a query or a mutation.
fn resolve_root(context: Context<'_>, field: &Field<'_>) -> Resolved {
    match field.name() {
        "repository" => {
            let full_name = format!("{}/{}", field.text("owner"), field.text("name"));
            query::place(context, &full_name).map_or_else(|error| error, query::repository)
        }
        "enterprise" => query::enterprise(context, &field.text("slug")),
        "viewer" => query::account(&identity(context)).into(),
        "createCommitOnBranch" => commit::create(context, &field.argument("input")),
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
