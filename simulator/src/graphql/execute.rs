//! Executes an operation: each field resolves to a value, or to an object of which fields are selected in turn.

use bluejay_core::{AsIter as _, ObjectValue, Value as _, ValueReference};
use bluejay_parser::ast::Value as Literal;
use bluejay_parser::ast::executable::{Field as Syntax, Selection, SelectionSet};
use serde_json::{Map, Value, json};

use super::schema;
use crate::api::context::Context;

/// A selected field.
pub(super) struct Field<'a> {
    syntax: &'a Syntax<'a>,
    /// What is selected of the object it resolves to.
    selection: Vec<&'a SelectionSet<'a>>,
    variables: &'a Map<String, Value>,
}

impl Field<'_> {
    pub(super) fn name(&self) -> &str {
        self.syntax.name().as_str()
    }

    /// The value of an argument, null if it isn't given.
    pub(super) fn argument(&self, name: &str) -> Value {
        let arguments = self.syntax.arguments();
        let found = arguments.and_then(|all| all.iter().find(|one| one.name().as_str() == name));
        found.map_or(Value::Null, |one| value(one.value(), self.variables))
    }

    /// The value of an argument that is a string, empty if it isn't given.
    pub(super) fn text(&self, name: &str) -> String {
        self.argument(name).as_str().unwrap_or_default().to_owned()
    }
}

/// The value of a literal, with its variables filled in.
pub(super) fn value<const CONST: bool>(
    literal: &Literal<'_, CONST>,
    variables: &Map<String, Value>,
) -> Value {
    match literal.as_ref() {
        ValueReference::Variable(name) => variables.get(name.as_str()).cloned().unwrap_or_default(),
        ValueReference::Integer(integer) => json!(integer.as_i64()),
        ValueReference::Float(float) => json!(float),
        ValueReference::String(text) | ValueReference::Enum(text) => json!(text),
        ValueReference::Boolean(boolean) => json!(boolean),
        ValueReference::Null => Value::Null,
        ValueReference::List(items) => items.iter().map(|item| value(item, variables)).collect(),
        ValueReference::Object(fields) => ObjectValue::iter(fields)
            .map(|(name, field)| (name.as_str().to_owned(), value(field, variables)))
            .collect(),
    }
}

/// What a field resolves to.
pub(super) enum Resolved {
    Value(Value),
    List(Vec<Self>),
    /// An object of this type: the fields that are known, and a resolver for the others.
    Object(&'static str, Value, Box<dyn Fn(&Field<'_>) -> Self>),
    /// Null, and an error of this type with this message.
    Error(Option<&'static str>, String),
    /// The schema has the field, but no resolver knows it.
    Unserved,
}

impl Resolved {
    pub(super) fn object(
        type_name: &'static str,
        known: Value,
        resolve: impl Fn(&Field<'_>) -> Self + 'static,
    ) -> Self {
        Self::Object(type_name, known, Box::new(resolve))
    }
}

impl From<Option<Self>> for Resolved {
    fn from(found: Option<Self>) -> Self {
        found.unwrap_or(Self::Value(Value::Null))
    }
}

/// An operation while it's executed.
pub(super) struct Execution<'a> {
    pub(super) context: Context<'a>,
    pub(super) variables: &'a Map<String, Value>,
    pub(super) errors: Vec<Value>,
}

impl<'a> Execution<'a> {
    /// The selected fields of an object.
    pub(super) fn object(
        &mut self,
        type_name: &str,
        selection: &[&'a SelectionSet<'a>],
        path: &[Value],
        resolve: impl Fn(&Field<'_>) -> Resolved,
    ) -> Value {
        let mut fields = Vec::new();
        for selection in selection {
            self.collect(type_name, selection, &mut fields);
        }
        let mut object = Map::new();
        for field in fields {
            let key = field.syntax.response_key();
            let path = [path, &[json!(key)]].concat();
            let value = match field.name() {
                "__typename" => json!(type_name),
                _ => self.value(resolve(&field), &field, &path),
            };
            object.insert(key.to_owned(), value);
        }
        Value::Object(object)
    }

    /// Collects the fields that are selected of an object, each key once.
    fn collect(&self, type_name: &str, from: &'a SelectionSet<'a>, into: &mut Vec<Field<'a>>) {
        for selected in from.iter() {
            match selected {
                Selection::Field(syntax) => {
                    let key = syntax.response_key();
                    let mut same = into.iter_mut();
                    match same.find(|same| same.syntax.response_key() == key) {
                        Some(same) => same.selection.extend(syntax.selection_set()),
                        None => into.push(Field {
                            syntax,
                            selection: syntax.selection_set().into_iter().collect(),
                            variables: self.variables,
                        }),
                    }
                }
                Selection::InlineFragment(fragment) => {
                    let on = fragment.type_condition().map(|on| on.named_type().as_str());
                    if on.is_none_or(|on| schema::is_a(type_name, on)) {
                        self.collect(type_name, fragment.selection_set(), into);
                    }
                }
                // The validation rejects it.
                Selection::FragmentSpread(_) => {}
            }
        }
    }

    fn value(&mut self, resolved: Resolved, field: &Field<'a>, path: &[Value]) -> Value {
        let (kind, message) = match resolved {
            Resolved::Value(value) => return value,
            Resolved::List(items) => {
                let items = items.into_iter().enumerate();
                let item = |(at, item)| self.value(item, field, &[path, &[json!(at)]].concat());
                return items.map(item).collect();
            }
            Resolved::Object(type_name, known, resolve) => {
                let known = |field: &Field<'_>| known.get(field.name()).cloned();
                return self.object(type_name, &field.selection, path, |field| {
                    known(field).map_or_else(|| resolve(field), Resolved::Value)
                });
            }
            Resolved::Error(kind, message) => (kind, message),
            Resolved::Unserved => {
                let message = format!("The simulator doesn't resolve '{}'", field.name());
                self.context.report_violation(&message);
                (None, message)
            }
        };
        let mut error =
            json!({ "path": path, "locations": [{ "line": 1, "column": 1 }], "message": message });
        if let Some(kind) = kind {
            error["type"] = json!(kind);
        }
        self.errors.push(error);
        Value::Null
    }
}
