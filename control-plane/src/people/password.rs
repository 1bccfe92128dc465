//! Password hashing, expensive on purpose and therefore rationed.
//!
//! Argon2id with 19 MiB, two passes, one lane. At most as many hashes run at once as there are
//! cores, and a short queue waits for them; beyond that the answer is 503 at once, so that a
//! flood of sign-ins costs neither memory nor the rest of the API its threads.

use crate::api::ApiError;
use argon2::{
    Algorithm, Argon2, Params, PasswordHash, PasswordHasher as _, PasswordVerifier, Version,
};
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// How many may wait for a core, per core.
const QUEUE_PER_CORE: usize = 16;

pub struct PasswordHasher {
    cores: Arc<Semaphore>,
    admitted: Arc<AtomicUsize>,
    admit_at_most: usize,
    /// Stands in for the hash of an account that does not exist.
    nobody: Arc<str>,
}

/// A place at the cores or in the queue; dropping it frees the place.
struct Place(Arc<AtomicUsize>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

impl PasswordHasher {
    pub fn new() -> Result<Self, Box<dyn std::error::Error>> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self::with_capacity(cores, cores * (1 + QUEUE_PER_CORE))
    }

    /// For `running` hashes at once and `admitted` of them running or waiting.
    pub fn with_capacity(
        running: usize,
        admitted: usize,
    ) -> Result<Self, Box<dyn std::error::Error>> {
        let nobody = contract::credential::generate_opaque_token()?;
        Ok(Self {
            cores: Arc::new(Semaphore::new(running)),
            admitted: Arc::new(AtomicUsize::new(0)),
            admit_at_most: admitted,
            nobody: hash_now(nobody.as_bytes())
                .map_err(|e| e as Box<dyn std::error::Error>)?
                .into(),
        })
    }

    pub async fn hash(&self, password: Zeroizing<String>) -> Result<String, ApiError> {
        self.run(move || hash_now(password.as_bytes())).await?.map_err(ApiError::internal)
    }

    /// Whether `password` is the one `stored` was made from. With no stored hash the same work is
    /// done for nothing, so that time does not tell who has an account.
    pub async fn verify(
        &self,
        password: Zeroizing<String>,
        stored: Option<String>,
    ) -> Result<bool, ApiError> {
        let known = stored.is_some();
        let stored = stored.unwrap_or_else(|| self.nobody.to_string());
        let verified = self.run(move || verify_now(password.as_bytes(), &stored)).await?;
        Ok(verified.map_err(ApiError::internal)? && known)
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, ApiError> {
        let before = self.admitted.fetch_add(1, Ordering::AcqRel);
        let place = Place(self.admitted.clone());
        if before >= self.admit_at_most {
            return Err(ApiError::Overloaded);
        }
        let core = self.cores.clone().acquire_owned().await.map_err(ApiError::internal)?;
        let (done, result) = tokio::sync::oneshot::channel();
        // The permit travels with the work: a caller who goes away does not free a busy core.
        tokio::task::spawn_blocking(move || {
            let _held = (core, place);
            // Nobody waits any more when the caller went away; then the result has no reader.
            let _ = done.send(work());
        });
        result.await.map_err(ApiError::internal)
    }
}

fn argon2id() -> Result<Argon2<'static>, argon2::Error> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

type HashError = Box<dyn std::error::Error + Send + Sync>;

fn hash_now(password: &[u8]) -> Result<String, HashError> {
    let argon2 = argon2id().map_err(|e| e.to_string())?;
    Ok(argon2.hash_password(password).map_err(|e| e.to_string())?.to_string())
}

fn verify_now(password: &[u8], stored: &str) -> Result<bool, HashError> {
    let argon2 = argon2id().map_err(|e| e.to_string())?;
    let stored = PasswordHash::new(stored).map_err(|e| e.to_string())?;
    Ok(argon2.verify_password(password, &stored).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> Zeroizing<String> {
        text.to_owned().into()
    }

    #[tokio::test]
    async fn only_the_right_password_of_a_known_account_passes() {
        let hasher = PasswordHasher::with_capacity(1, 2).unwrap();
        let stored = hasher.hash(secret("correct horse")).await.unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
        assert!(hasher.verify(secret("correct horse"), Some(stored.clone())).await.unwrap());
        assert!(!hasher.verify(secret("wrong horse"), Some(stored)).await.unwrap());
        assert!(!hasher.verify(secret("correct horse"), None).await.unwrap());
    }

    #[tokio::test]
    async fn beyond_the_queue_the_answer_is_overload_at_once() {
        let hasher = PasswordHasher::with_capacity(1, 2).unwrap();
        let ask = || hasher.hash(secret("x"));
        let answers = futures_util::future::join_all([ask(), ask(), ask()]).await;
        let refused = answers.iter().filter(|a| matches!(a, Err(ApiError::Overloaded))).count();
        assert_eq!(refused, 1, "two admitted, one refused");
        assert!(hasher.hash(secret("x")).await.is_ok(), "places are given back");
    }
}
