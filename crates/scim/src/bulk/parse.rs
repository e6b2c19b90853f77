//! The body of a bulk request: operations become typed, and know which others they refer to.

use std::collections::{BTreeSet, HashMap};

use serde_json::{Map, Value};

use super::{
    Action, BulkRequest, Operation, Refusal, Target,
    path::{self, Place},
    references,
};
use crate::{Error, IfMatch, ScimType, limits, patch::at, resource::check_schemas};

/// What an operation is made of.
const PARTS: [&str; 5] = ["method", "bulkId", "version", "path", "data"];

/// Reads the body. Its `schemas` may be missing or name others: what it is follows from the endpoint.
pub(super) fn request(body: Value, base_url: &str) -> Result<BulkRequest, Error> {
    let expected = || invalid_syntax("the body must be an object with the list 'Operations'");
    let Value::Object(body) = body else { return Err(expected()) };
    let [schemas, fail_on_errors, operations] = fields(body, ["schemas", "failOnErrors", "Operations"])?;
    check_schemas(&schemas)?;
    let Value::Array(operations) = operations else { return Err(expected()) };
    if operations.is_empty() {
        return Err(invalid_syntax("'Operations' is empty: send one operation at least"));
    }
    let limit = limits::BULK_OPERATIONS;
    if operations.len() > limit {
        let detail = format!("'Operations' has more than {limit} operations: send several requests");
        return Err(Error::with_status(413, detail));
    }
    let fail_on_errors = self::fail_on_errors(&fail_on_errors)?;
    let operations = operations.into_iter().enumerate();
    let mut operations: Vec<_> = operations.map(|(at, sent)| operation(at, sent, base_url)).collect();
    let creating = creating(&operations)?;
    let references = operations.iter_mut().map(|operation| referred_to(operation, &creating)).collect();
    Ok(BulkRequest { fail_on_errors, operations, references })
}

/// After how many errors to stop. Who accepts none stops at the first, as who accepts one does.
fn fail_on_errors(value: &Value) -> Result<Option<usize>, Error> {
    match value {
        Value::Null => Ok(None),
        Value::Number(number) if number.is_u64() => {
            let number = number.as_u64().and_then(|number| usize::try_from(number).ok());
            Ok(Some(number.unwrap_or(usize::MAX).max(1)))
        }
        _ => {
            let detail = "'failOnErrors' must be an integer of at least 1";
            Err(Error::bad_request(ScimType::InvalidValue, detail))
        }
    }
}

fn operation(position: usize, sent: Value, base_url: &str) -> Operation {
    let refused = |error, target| Refusal { error: at(position, &error), target };
    let Value::Object(parts) = sent else {
        return Operation { position, method: None, bulk_id: None, action: Err(refused(no_object(), None)) };
    };
    let [method, bulk_id, version, path, data] = match fields(parts, PARTS) {
        Ok(parts) => parts,
        Err(error) => {
            return Operation { position, method: None, bulk_id: None, action: Err(refused(error, None)) };
        }
    };
    let known = method.as_str().and_then(Method::parse);
    let place = place(&path, base_url);
    let target = match (known, &place) {
        // A POST that is refused has created nothing.
        (Some(Method::Post), _) => None,
        (_, Ok(Place::Resource(target))) => Some(target.clone()),
        _ => None,
    };
    let action = match known {
        Some(method) => place.and_then(|place| action(method, &bulk_id, &version, place, data)),
        None => Err(invalid_syntax("'method' must be POST, PUT, PATCH or DELETE")),
    };
    Operation {
        position,
        method: known.map(Method::as_str).or(method.as_str()).map(str::to_owned),
        bulk_id: bulk_id.as_str().filter(|id| !id.is_empty()).map(str::to_owned),
        action: action.map_err(|error| refused(error, target)),
    }
}

fn place(path: &Value, base_url: &str) -> Result<Place, Error> {
    let path = path.as_str();
    let expected = || invalid_syntax("'path' must be a string such as '/Users' or '/Users/<id>'");
    path::parse(path.ok_or_else(expected)?, base_url)
}

/// Reads what an operation asks for.
fn action(
    method: Method,
    bulk_id: &Value,
    version: &Value,
    place: Place,
    data: Value,
) -> Result<Action, Error> {
    if !matches!(bulk_id, Value::Null | Value::String(_)) {
        return Err(invalid_syntax("'bulkId' must be a string"));
    }
    let version = if_match(version)?;
    let data = body(method, data)?;
    match (method, place) {
        (Method::Post, Place::Endpoint(_)) if bulk_id.as_str().is_none_or(str::is_empty) => {
            Err(invalid_syntax("'bulkId' is missing: a POST needs one, any text that no other operation has"))
        }
        (Method::Post, Place::Endpoint(kind)) => Ok(Action::Create { kind, data }),
        (Method::Put, Place::Resource(target)) => Ok(Action::Replace { target, version, data }),
        (Method::Patch, Place::Resource(target)) => Ok(Action::Patch { target, version, data }),
        (Method::Delete, Place::Resource(target)) => Ok(Action::Delete { target, version }),
        (Method::Post, Place::Resource(Target { kind, .. })) => Err(Error::bad_request(
            ScimType::InvalidValue,
            format!("'path' names a resource: a POST needs '{}'", kind.endpoint()),
        )),
        (Method::Put | Method::Patch | Method::Delete, Place::Endpoint(kind)) => Err(Error::bad_request(
            ScimType::InvalidValue,
            format!("'path' names no resource: a {} needs '{}/<id>'", method.as_str(), kind.endpoint()),
        )),
    }
}

/// What would be the body of a single request.
fn body(method: Method, data: Value) -> Result<Value, Error> {
    match (method, data) {
        (Method::Delete, _) => Ok(Value::Null),
        (_, Value::Null) => Err(invalid_syntax("'data' is missing: it holds what would be the body")),
        // So RFC 7644 §3.7.3 shows it.
        (Method::Patch, operations @ Value::Array(_)) => {
            Ok(Value::Object(Map::from_iter([("Operations".to_owned(), operations)])))
        }
        (_, data) => Ok(data),
    }
}

/// The version that a resource must have: what would be the header `If-Match` of a single request.
fn if_match(version: &Value) -> Result<Option<IfMatch>, Error> {
    let read = match version {
        Value::Null => return Ok(None),
        Value::String(text) if text.is_empty() => return Ok(None),
        Value::String(text) => IfMatch::parse(text).ok(),
        _ => None,
    };
    let detail = "'version' must be a string such as W/\"7\": send the meta.version of the resource";
    read.map(Some).ok_or_else(|| Error::bad_request(ScimType::InvalidValue, detail))
}

/// The methods that an operation may have.
#[derive(Clone, Copy)]
enum Method {
    Post,
    Put,
    Patch,
    Delete,
}

impl Method {
    fn parse(name: &str) -> Option<Self> {
        let all = [Self::Post, Self::Put, Self::Patch, Self::Delete];
        all.into_iter().find(|method| method.as_str().eq_ignore_ascii_case(name))
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

/// The positions of the POSTs by their bulkId, those that are refused among them.
fn creating(operations: &[Operation]) -> Result<HashMap<String, usize>, Error> {
    let mut seen = HashMap::new();
    let mut creating = HashMap::new();
    for Operation { position, method, bulk_id, .. } in operations {
        let Some(bulk_id) = bulk_id else { continue };
        if let Some(first) = seen.insert(bulk_id, position) {
            return Err(Error::bad_request(
                ScimType::InvalidValue,
                format!(
                    "Operations[{first}] and Operations[{position}] have the same bulkId '{bulk_id}': choose another"
                ),
            ));
        }
        if method.as_deref() == Some(Method::Post.as_str()) {
            creating.insert(bulk_id.clone(), *position);
        }
    }
    Ok(creating)
}

/// The positions of the operations that create what this one refers to, in order. It is refused where one is missing.
fn referred_to(operation: &mut Operation, creating: &HashMap<String, usize>) -> Vec<usize> {
    let mut found = BTreeSet::new();
    let mut unknown = None;
    references::replace(&mut operation.action, &mut |bulk_id| {
        match creating.get(bulk_id) {
            Some(position) => {
                found.insert(*position);
            }
            None => {
                unknown.get_or_insert_with(|| bulk_id.to_owned());
            }
        }
        None
    });
    if let Some(bulk_id) = unknown
        && let Ok(action) = &operation.action
    {
        let detail = format!("no POST of this request has the bulkId '{bulk_id}', to which it refers");
        let error = at(operation.position, &Error::bad_request(ScimType::InvalidValue, detail));
        operation.action = Err(Refusal { error, target: action.target().cloned() });
        // It waits no more for what its data refers to.
        return referred_to(operation, creating);
    }
    found.into_iter().collect()
}

/// The values of these names, which may be written in any case; null where a name is missing. Other names are ignored.
fn fields<const N: usize>(parts: Map<String, Value>, names: [&str; N]) -> Result<[Value; N], Error> {
    let mut values = [const { None }; N];
    for (key, value) in parts {
        let found = names.iter().zip(&mut values).find(|(name, _)| name.eq_ignore_ascii_case(&key));
        if let Some((name, place)) = found
            && place.replace(value).is_some()
        {
            return Err(invalid_syntax(format!("'{name}' is there twice: names are the same in any case")));
        }
    }
    Ok(values.map(Option::unwrap_or_default))
}

fn no_object() -> Error {
    invalid_syntax("an operation must be an object with 'method', 'path' and 'data'")
}

fn invalid_syntax(detail: impl Into<String>) -> Error {
    Error::bad_request(ScimType::InvalidSyntax, detail)
}
