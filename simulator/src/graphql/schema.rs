//! The schema that is served, and the validation of requests against it.

use std::borrow::Cow;
use std::sync::LazyLock;

use bluejay_core::definition::ObjectTypeDefinition;
use bluejay_core::definition::prelude::*;
use bluejay_core::{AsIter as _, Value as Core};
use bluejay_parser::ast::Parse as _;
use bluejay_parser::ast::definition::{
    Context, CustomScalarTypeDefinition, DefinitionDocument, SchemaDefinition,
};
use bluejay_parser::ast::executable::ExecutableDocument;
use bluejay_validator::executable::Cache;
use bluejay_validator::executable::document::{ArgumentError, BuiltinRulesValidator, Error};
use bluejay_validator::executable::operation::Orchestrator;
use bluejay_validator::executable::operation::analyzers::{
    VariableValueError, VariableValuesAreValid,
};
use serde_json::{Map, Value};

type Schema = SchemaDefinition<'static, Strings>;

static SCHEMA: LazyLock<Result<Schema, String>> = LazyLock::new(|| {
    let document = DefinitionDocument::parse(include_str!("schema.graphql")).result;
    let document = document.map_err(|errors| format!("schema.graphql: {errors:?}"))?;
    SchemaDefinition::try_from(&*Box::leak(Box::new(document)))
        .map_err(|errors| format!("schema.graphql: {errors:?}"))
});

/// Every scalar that GitHub adds to those of GraphQL is a string.
#[derive(Debug)]
struct Strings;

impl Context for Strings {
    fn coerce_custom_scalar_input<const CONST: bool>(
        scalar: &CustomScalarTypeDefinition<'_, Self>,
        value: &impl Core<CONST>,
    ) -> Result<(), Cow<'static, str>> {
        let error = || format!("Could not coerce value to {}", scalar.name()).into();
        value.as_ref().is_string().ok_or_else(error)
    }
}

/// Whether an object of type `object` is also of type `name`.
pub(super) fn is_a(object: &str, name: &str) -> bool {
    let schema = SCHEMA.as_ref().ok();
    let found = schema.and_then(|schema| schema.get_type_definition(object)?.into_object().ok());
    let interfaces = found.and_then(ObjectTypeDefinition::interface_implementations);
    object == name || interfaces.is_some_and(|all| all.iter().any(|one| one.name() == name))
}

/// Why GitHub wouldn't execute the request.
pub(super) fn problems(
    document: &ExecutableDocument<'_>,
    operation: Option<&str>,
    variables: &Map<String, Value>,
) -> Vec<String> {
    let schema = match &*SCHEMA {
        Ok(schema) => schema,
        Err(error) => return vec![error.clone()],
    };
    let cache = Cache::new(document, schema);
    let errors = BuiltinRulesValidator::validate(document, schema, &cache);
    let mut problems = errors.map(about_document).collect::<Vec<_>>();
    if !document.fragment_definitions().is_empty() {
        problems.push("The simulator reads inline fragments only".to_owned());
    }
    if !problems.is_empty() {
        return problems;
    }
    let errors = Orchestrator::<_, _, _, VariableValuesAreValid<_, _, _>>::analyze(
        document,
        schema,
        operation,
        variables,
        &cache,
        (),
    );
    errors.map_or_else(
        |error| vec![error.message().into_owned()],
        |errors| errors.iter().filter_map(about_variable).collect(),
    )
}

/// GitHub's message for the errors that the simulator's tests trigger.
fn about_document<'a>(error: Error<'a, ExecutableDocument<'a>, Schema>) -> String {
    use ArgumentError::FieldMissingRequiredArguments;
    match error {
        Error::FieldDoesNotExistOnType { field, r#type } => {
            let (name, object) = (field.name().as_str(), r#type.name());
            format!("Field '{name}' doesn't exist on type '{object}'")
        }
        Error::InvalidVariableArgument(FieldMissingRequiredArguments {
            field,
            missing_argument_definitions: missing,
            ..
        }) => {
            let missing = missing.iter().map(|one| one.name()).collect::<Vec<_>>();
            let (name, missing) = (field.name().as_str(), missing.join(", "));
            format!("Field '{name}' is missing required arguments: {missing}")
        }
        Error::LeafFieldSelectionNotEmpty { r#type, .. } => {
            let kind = r#type.display_name();
            format!("Selections can't be made on scalars (field returns {kind})")
        }
        Error::NonLeafFieldSelectionEmpty { field, r#type } => {
            let (name, kind) = (field.name().as_str(), r#type.display_name());
            format!(
                "Field must have selections (field '{name}' returns {kind} but has no selections)"
            )
        }
        other => bluejay_parser::Error::from(other).message().to_owned(),
    }
}

fn about_variable(
    error: &VariableValueError<'_, ExecutableDocument<'_>, Map<String, Value>>,
) -> Option<String> {
    // GitHub ignores the value of a variable that the document doesn't declare.
    let is_unused = matches!(error, VariableValueError::UnusedValue { .. });
    let why = error.message().replace('\n', " ");
    (!is_unused).then(|| format!("A variable was provided invalid value ({why})"))
}
