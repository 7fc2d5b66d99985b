//! Reads a GraphQL document: one operation, fields with aliases and arguments, inline fragments. Named fragments and
//! directives are left out, as nothing asks for them.

use serde_json::Value;

use crate::fault::Operation;

/// A document with its only operation.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Document {
    pub(super) operation: Operation,
    pub(super) variables: Vec<Variable>,
    pub(super) selection: Vec<Selection>,
}

/// A declared variable.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Variable {
    pub(super) name: String,
    /// As written, such as `[String!]!`.
    pub(super) kind: String,
    pub(super) default: Option<Argument>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Selection {
    Field(Field),
    On {
        kind: Option<String>,
        selection: Vec<Selection>,
    },
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Field {
    pub(super) alias: Option<String>,
    pub(super) name: String,
    pub(super) arguments: Vec<(String, Argument)>,
    pub(super) selection: Vec<Selection>,
}

impl Field {
    /// The name under which the field stands in the answer.
    pub(super) fn key(&self) -> &str {
        self.alias.as_deref().unwrap_or(&self.name)
    }
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Argument {
    Variable(String),
    Literal(Value),
    List(Vec<Argument>),
    Object(Vec<(String, Argument)>),
}

impl Argument {
    /// Its value; a variable without one is null.
    pub(super) fn value(&self, variables: &Value) -> Value {
        match self {
            Self::Variable(name) => variables[name].clone(),
            Self::Literal(value) => value.clone(),
            Self::List(items) => items.iter().map(|item| item.value(variables)).collect(),
            Self::Object(fields) => fields
                .iter()
                .map(|(name, field)| (name.clone(), field.value(variables)))
                .collect(),
        }
    }

    /// The variables it uses.
    pub(super) fn variables(&self) -> Vec<&str> {
        match self {
            Self::Variable(name) => vec![name],
            Self::Literal(_) => Vec::new(),
            Self::List(items) => items.iter().flat_map(Self::variables).collect(),
            Self::Object(fields) => fields
                .iter()
                .flat_map(|(_, field)| field.variables())
                .collect(),
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Mark(char),
    Spread,
    Name(String),
    Text(String),
    Number(String),
}

/// Reads a document; the error is GitHub's kind of sentence.
pub(super) fn parse(text: &str) -> Result<Document, String> {
    let mut parser = Parser {
        tokens: tokens(text)?,
        at: 0,
    };
    let document = parser.document()?;
    match parser.peek() {
        None => Ok(document),
        Some(token) => Err(format!(
            "Parse error on {token:?}: the simulator reads one operation only"
        )),
    }
}

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if c.is_whitespace() || c == ',' || c == '\u{feff}' {
            rest = &rest[c.len_utf8()..];
        } else if c == '#' {
            rest = rest.split_once('\n').map_or("", |(_, rest)| rest);
        } else if let Some(after) = rest.strip_prefix("...") {
            tokens.push(Token::Spread);
            rest = after;
        } else if let Some(after) = rest.strip_prefix("\"\"\"") {
            let (inside, after) = after
                .split_once("\"\"\"")
                .ok_or("Parse error: a block string does not end")?;
            tokens.push(Token::Text(inside.trim().to_owned()));
            rest = after;
        } else if c == '"' {
            // GraphQL escapes as JSON does.
            let mut values = serde_json::Deserializer::from_str(rest).into_iter::<String>();
            let value = values
                .next()
                .and_then(Result::ok)
                .ok_or("Parse error: a string is not well-formed")?;
            rest = &rest[values.byte_offset()..];
            tokens.push(Token::Text(value));
        } else if c.is_ascii_alphabetic() || c == '_' {
            let end = rest
                .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
                .unwrap_or(rest.len());
            tokens.push(Token::Name(rest[..end].to_owned()));
            rest = &rest[end..];
        } else if c.is_ascii_digit() || c == '-' {
            let end = rest[1..]
                .find(|c: char| !matches!(c, '0'..='9' | '.' | 'e' | 'E' | '+' | '-'))
                .map_or(rest.len(), |end| end + 1);
            tokens.push(Token::Number(rest[..end].to_owned()));
            rest = &rest[end..];
        } else if "{}()[]:!=$@|&".contains(c) {
            tokens.push(Token::Mark(c));
            rest = &rest[1..];
        } else {
            return Err(format!("Parse error on {c:?}"));
        }
    }
    Ok(tokens)
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
}

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn take(&mut self) -> Result<Token, String> {
        let token = self
            .peek()
            .cloned()
            .ok_or("Parse error on end of document")?;
        self.at += 1;
        Ok(token)
    }

    /// Takes that mark if it comes next.
    fn mark(&mut self, mark: char) -> bool {
        let is_next = self.peek() == Some(&Token::Mark(mark));
        self.at += usize::from(is_next);
        is_next
    }

    fn expect(&mut self, mark: char) -> Result<(), String> {
        match self.take()? {
            Token::Mark(found) if found == mark => Ok(()),
            found => Err(format!("Parse error on {found:?}, expected {mark:?}")),
        }
    }

    fn name(&mut self) -> Result<String, String> {
        match self.take()? {
            Token::Name(name) => Ok(name),
            found => Err(format!("Parse error on {found:?}, expected a name")),
        }
    }

    fn document(&mut self) -> Result<Document, String> {
        let mut operation = Operation::Query;
        let mut variables = Vec::new();
        if let Some(Token::Name(_)) = self.peek() {
            operation = match self.name()?.as_str() {
                "query" => Operation::Query,
                "mutation" => Operation::Mutation,
                other => {
                    return Err(format!(
                        "Parse error on {other:?}: the simulator reads queries and mutations only"
                    ));
                }
            };
            if let Some(Token::Name(_)) = self.peek() {
                self.name()?;
            }
            if self.mark('(') {
                while !self.mark(')') {
                    variables.push(self.variable()?);
                }
            }
        }
        Ok(Document {
            operation,
            variables,
            selection: self.selection()?,
        })
    }

    fn variable(&mut self) -> Result<Variable, String> {
        self.expect('$')?;
        let name = self.name()?;
        self.expect(':')?;
        let kind = self.kind()?;
        let default = if self.mark('=') {
            Some(self.argument()?)
        } else {
            None
        };
        Ok(Variable {
            name,
            kind,
            default,
        })
    }

    fn kind(&mut self) -> Result<String, String> {
        let kind = if self.mark('[') {
            let inner = self.kind()?;
            self.expect(']')?;
            format!("[{inner}]")
        } else {
            self.name()?
        };
        Ok(if self.mark('!') {
            format!("{kind}!")
        } else {
            kind
        })
    }

    fn selection(&mut self) -> Result<Vec<Selection>, String> {
        self.expect('{')?;
        let mut selection = Vec::new();
        while !self.mark('}') {
            selection.push(match self.peek() {
                Some(Token::Spread) => self.fragment()?,
                _ => Selection::Field(self.field()?),
            });
        }
        if selection.is_empty() {
            Err("Parse error: an empty selection".to_owned())
        } else {
            Ok(selection)
        }
    }

    fn fragment(&mut self) -> Result<Selection, String> {
        self.take()?;
        let kind = match self.peek() {
            Some(Token::Name(on)) if on == "on" => {
                self.take()?;
                Some(self.name()?)
            }
            Some(Token::Mark('{')) => None,
            _ => return Err("the simulator reads inline fragments only".to_owned()),
        };
        Ok(Selection::On {
            kind,
            selection: self.selection()?,
        })
    }

    fn field(&mut self) -> Result<Field, String> {
        let first = self.name()?;
        let (alias, name) = if self.mark(':') {
            (Some(first), self.name()?)
        } else {
            (None, first)
        };
        let mut arguments = Vec::new();
        if self.mark('(') {
            while !self.mark(')') {
                let name = self.name()?;
                self.expect(':')?;
                arguments.push((name, self.argument()?));
            }
        }
        let selection = if self.peek() == Some(&Token::Mark('{')) {
            self.selection()?
        } else {
            Vec::new()
        };
        Ok(Field {
            alias,
            name,
            arguments,
            selection,
        })
    }

    fn argument(&mut self) -> Result<Argument, String> {
        Ok(match self.take()? {
            Token::Mark('$') => Argument::Variable(self.name()?),
            Token::Mark('[') => {
                let mut items = Vec::new();
                while !self.mark(']') {
                    items.push(self.argument()?);
                }
                Argument::List(items)
            }
            Token::Mark('{') => {
                let mut fields = Vec::new();
                while !self.mark('}') {
                    let name = self.name()?;
                    self.expect(':')?;
                    fields.push((name, self.argument()?));
                }
                Argument::Object(fields)
            }
            Token::Text(text) => Argument::Literal(Value::String(text)),
            Token::Number(number) => Argument::Literal(
                serde_json::from_str(&number).map_err(|_| format!("Parse error on {number:?}"))?,
            ),
            Token::Name(name) => Argument::Literal(match name.as_str() {
                "true" => Value::Bool(true),
                "false" => Value::Bool(false),
                "null" => Value::Null,
                _ => Value::String(name),
            }),
            found => return Err(format!("Parse error on {found:?}, expected a value")),
        })
    }
}
