//! Who does a deed.

use crate::{db::PersonId, people::model::User};
use contract::ManagementTokenId;
use uuid::Uuid;

/// Who does a deed, as the log names them.
#[derive(Clone, Debug)]
pub struct Actor {
    pub kind: &'static str,
    pub id: String,
    pub name: Option<String>,
    /// Whose account it is done with.
    pub person: Option<PersonId>,
}

impl Actor {
    pub fn token(id: &ManagementTokenId, name: &str, maker: PersonId) -> Self {
        Self {
            kind: "token",
            id: id.as_str().to_owned(),
            name: Some(name.to_owned()),
            person: Some(maker),
        }
    }

    /// A part of the service that acts by itself.
    pub fn service(part: &str) -> Self {
        Self { kind: "service", id: part.to_owned(), name: None, person: None }
    }

    /// The nil id, which is nobody's, when the service acts by itself.
    pub fn person_id(&self) -> PersonId {
        self.person.unwrap_or(PersonId(Uuid::nil()))
    }

    /// Keeps apart what two actors with one account choose: an idempotency key, for example.
    pub fn own(&self, name: &str) -> String {
        match self.kind {
            "token" => format!("{} {name}", self.id),
            _ => name.to_owned(),
        }
    }
}

impl From<PersonId> for Actor {
    fn from(person: PersonId) -> Self {
        Self { kind: "person", id: person.0.to_string(), name: None, person: Some(person) }
    }
}

impl From<&User> for Actor {
    fn from(user: &User) -> Self {
        Self { name: Some(user.email.clone()), ..PersonId(user.id).into() }
    }
}
