//! Which permissions a request asked for, by its id: what the generated tests read.

use crate::{api::request_id, organisations::Permission};
use std::{
    collections::HashMap,
    sync::{LazyLock, Mutex},
};

static REQUIRED: LazyLock<Mutex<HashMap<String, Vec<Permission>>>> = LazyLock::new(Mutex::default);

pub fn note(permission: Permission) {
    let mut required = REQUIRED.lock().unwrap();
    required.entry(request_id::current()).or_default().push(permission);
}

/// What the request with this id was asked for, once.
pub fn take(request_id: &str) -> Vec<Permission> {
    REQUIRED.lock().unwrap().remove(request_id).unwrap_or_default()
}
