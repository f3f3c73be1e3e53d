//! A wrapper that fails on purpose, by a plan that a seed makes repeatable: the fault model of stores.
//!
//! It models what networks, disks and hostile stores do: operations that fail, with or without having
//! happened; servers that are unavailable or ask to be left alone; connections that are reset, or over
//! which nothing ever comes; acknowledgements that are lost; bodies cut off or changed on the way out or
//! in; space that runs out; and a process that is killed between any two operations. It does not model stores
//! that break create-only or forget what they acknowledged: no client can be sound on those.

use std::io;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;

use crate::store::action::Action;
use crate::store::archive::Archive;
use crate::store::error::StoreError;
use crate::store::key::Key;
use crate::store::random::{fraction, mix};
use crate::store::vault::Vault;
use crate::store::{ObjectMeta, Store, StoreFuture, Version};

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing happens, and a transient error is returned.
    Fail,
    /// Nothing happens, and a lasting error is returned, as if the process had been killed before.
    Kill,
    /// Nothing happens, and the store is said to be full. Applies to `create` and `swap`.
    Full,
    /// Nothing happens: these credentials may not do that.
    Deny,
    /// Nothing happens: a server's error that may well pass (5xx).
    Unavailable,
    /// Nothing happens: the store asks to be asked less often (503 SlowDown, 429).
    Throttle,
    /// The connection is reset, as often as not after the operation has happened.
    Reset,
    /// No answer ever comes, as often as not after the operation has happened.
    Stall,
    /// It happens, and a transient error is returned.
    LoseAcknowledgement,
    /// The body is cut off: what comes back of a read, what is stored of a write.
    Shorten,
    /// One bit of the body is changed: in what comes back of a read, in what is stored of a write.
    FlipBit,
}

#[derive(Clone, Copy, Debug)]
enum When {
    Nth(u64),
    From(u64),
    Chance(f64),
}

#[derive(Debug)]
struct Rule {
    fault: Fault,
    when: When,
    action: Option<Action>,
    prefix: String,
    /// Operations so far that the rule is about.
    seen: AtomicU64,
}

/// Which operations go wrong, and how. Rules are asked in their order; the first that applies acts.
#[derive(Debug, Default)]
pub struct FaultPlan {
    seed: u64,
    rules: Vec<Rule>,
}

impl FaultPlan {
    /// A plan in which nothing goes wrong; `seed` fixes chances, places of bits and lengths.
    pub fn new(seed: u64) -> Self {
        Self { seed, rules: Vec::new() }
    }

    /// The `n`th operation (from 0).
    pub fn nth(self, n: u64, fault: Fault) -> Self {
        self.rule(fault, When::Nth(n))
    }

    /// The `n`th operation (from 0) and every later one. With `Fault::Kill`: the process dies there.
    pub fn from(self, n: u64, fault: Fault) -> Self {
        self.rule(fault, When::From(n))
    }

    /// Every operation with probability `chance`, 0 to 1.
    pub fn chance(self, chance: f64, fault: Fault) -> Self {
        self.rule(fault, When::Chance(chance))
    }

    /// Narrows the last rule to one sort of operation; its `n` then counts only those.
    pub fn only(mut self, action: Action) -> Self {
        if let Some(rule) = self.rules.last_mut() {
            rule.action = Some(action);
        }
        self
    }

    /// Narrows the last rule to keys that begin with `prefix`; its `n` then counts only those.
    pub fn under(mut self, prefix: &str) -> Self {
        if let Some(rule) = self.rules.last_mut() {
            prefix.clone_into(&mut rule.prefix);
        }
        self
    }

    fn rule(mut self, fault: Fault, when: When) -> Self {
        self.rules.push(Rule { fault, when, action: None, prefix: String::new(), seen: AtomicU64::new(0) });
        self
    }

    /// The fault of the next operation, and a number that is random but repeatable. Every rule counts
    /// the operation, whether or not an earlier one acts.
    fn next(&self, action: Action, key: &str) -> Option<(Fault, u64)> {
        let mut chosen = None;
        for (rule, number) in self.rules.iter().zip(0u64..) {
            if rule.action.is_some_and(|only| only != action) || !key.starts_with(&rule.prefix) {
                continue;
            }
            let seen = rule.seen.fetch_add(1, Ordering::SeqCst);
            let random = mix(self.seed ^ mix(number ^ mix(seen)));
            let applies = match rule.when {
                When::Nth(n) => seen == n,
                When::From(n) => seen >= n,
                When::Chance(chance) => fraction(random) < chance,
            };
            if applies && chosen.is_none() {
                chosen = Some((rule.fault, mix(random)));
            }
        }
        chosen
    }
}

/// Wraps a store and makes operations fail. Clones share the plan's progress.
#[derive(Clone, Debug)]
pub struct FaultyStore {
    inner: Arc<dyn Store>,
    state: Arc<State>,
}

#[derive(Debug)]
struct State {
    plan: FaultPlan,
    disarmed: AtomicBool,
    operations: AtomicU64,
    faults: AtomicU64,
}

impl FaultyStore {
    /// Wraps `inner`.
    pub fn new(inner: Arc<dyn Store>, plan: FaultPlan) -> Self {
        let state = State {
            plan,
            disarmed: AtomicBool::new(false),
            operations: AtomicU64::new(0),
            faults: AtomicU64::new(0),
        };
        Self { inner, state: Arc::new(state) }
    }

    /// How many operations were asked for: the places at which a test can have a process killed.
    pub fn operations(&self) -> u64 {
        self.state.operations.load(Ordering::SeqCst)
    }

    /// How many of them went wrong on purpose.
    pub fn faults(&self) -> u64 {
        self.state.faults.load(Ordering::SeqCst)
    }

    /// Lets everything work from now on.
    pub fn disarm(&self) {
        self.state.disarmed.store(true, Ordering::SeqCst);
    }

    fn next(&self, action: Action, key: &str) -> Option<(Fault, u64)> {
        self.state.operations.fetch_add(1, Ordering::SeqCst);
        if self.state.disarmed.load(Ordering::SeqCst) {
            return None;
        }
        let fault = self.state.plan.next(action, key);
        if fault.is_some() {
            self.state.faults.fetch_add(1, Ordering::SeqCst);
        }
        fault
    }

    fn error(&self, action: Action, key: &str, fault: Fault) -> StoreError {
        let (location, key) = (self.location(), key.to_owned());
        let source = match fault {
            Fault::Unavailable => {
                let (code, message) =
                    ("503 ServiceUnavailable".into(), "as the plan of faults has it".into());
                let action = action.as_str();
                return StoreError::Service { location, key, action, code, message, is_transient: true };
            }
            Fault::Deny => return StoreError::Denied { location, key, action: action.as_str() },
            Fault::Throttle => {
                let after = Some(Duration::from_millis(500));
                return StoreError::Throttled { location, key, action: action.as_str(), after };
            }
            Fault::Reset => io::Error::new(io::ErrorKind::ConnectionReset, "reset by the plan of faults"),
            Fault::Full if matches!(action, Action::Create | Action::Swap) => {
                return StoreError::Full { location, key };
            }
            Fault::Kill | Fault::Full => io::Error::other("killed by the plan of faults"),
            _ => io::Error::new(io::ErrorKind::TimedOut, "made to fail by the plan of faults"),
        };
        StoreError::Io { location, key, action: action.as_str(), source }
    }

    /// Runs an operation without a body of its own, or with one that `damage` may change on its return.
    fn run<'a, T: Send + 'a>(
        &'a self,
        action: Action,
        key: &str,
        operation: StoreFuture<'a, T>,
        damage: impl FnOnce(T, Fault, u64) -> T + Send + 'a,
    ) -> StoreFuture<'a, T> {
        let key = key.to_owned();
        Box::pin(async move {
            match self.next(action, &key) {
                None => operation.await,
                Some((fault @ (Fault::Shorten | Fault::FlipBit), random)) => {
                    Ok(damage(operation.await?, fault, random))
                }
                Some((fault, random)) => self.fail(action, &key, fault, random, operation).await,
            }
        })
    }

    /// Lets `operation` happen, or not, and fails.
    async fn fail<T>(
        &self,
        action: Action,
        key: &str,
        fault: Fault,
        random: u64,
        operation: StoreFuture<'_, T>,
    ) -> Result<T, StoreError> {
        match fault {
            Fault::LoseAcknowledgement => drop(operation.await?),
            // What it comes to is lost with the connection, a failure too.
            Fault::Reset | Fault::Stall if random & 1 == 1 => drop(operation.await),
            _ => {}
        }
        if fault == Fault::Stall {
            std::future::pending::<()>().await;
        }
        Err(self.error(action, key, fault))
    }

    /// Runs a write, whose body a fault may change on its way in.
    fn write<'a, T: Send + 'a>(
        &'a self,
        action: Action,
        key: &Key,
        body: Bytes,
        operation: impl FnOnce(Key, Bytes) -> StoreFuture<'a, T> + Send + 'a,
    ) -> StoreFuture<'a, T> {
        let key = key.clone();
        Box::pin(async move {
            match self.next(action, key.as_str()) {
                None => operation(key, body).await,
                Some((fault @ (Fault::Shorten | Fault::FlipBit), random)) => {
                    operation(key, damaged(body, fault, random)).await
                }
                Some((fault, random)) => {
                    let happening = operation(key.clone(), body);
                    self.fail(action, key.as_str(), fault, random, happening).await
                }
            }
        })
    }
}

/// `body` cut off or with one bit changed; an empty one stays as it is.
fn damaged(body: Bytes, fault: Fault, random: u64) -> Bytes {
    if body.is_empty() {
        return body;
    }
    // The remainder is below a length, therefore it fits.
    let place = (random % body.len() as u64) as usize;
    match fault {
        Fault::Shorten => body.slice(..place),
        Fault::FlipBit => {
            let mut changed = body.to_vec();
            changed[place] ^= 1 << (random >> 61);
            changed.into()
        }
        _ => body,
    }
}

impl Store for FaultyStore {
    fn location(&self) -> String {
        self.inner.location()
    }

    fn vault(&self) -> Option<&dyn Vault> {
        self.inner.vault()
    }

    fn archive(&self) -> Option<&dyn Archive> {
        self.inner.archive()
    }

    fn create(&self, key: &Key, body: Bytes) -> StoreFuture<'_, ()> {
        self.write(Action::Create, key, body, |key, body| self.inner.create(&key, body))
    }

    fn swap(&self, key: &Key, expected: Option<Version>, body: Bytes) -> StoreFuture<'_, Version> {
        self.write(Action::Swap, key, body, |key, body| self.inner.swap(&key, expected, body))
    }

    fn get(&self, key: &Key) -> StoreFuture<'_, (Bytes, Version)> {
        let damage = |(body, version), fault, random| (damaged(body, fault, random), version);
        self.run(Action::Get, key.as_str(), self.inner.get(key), damage)
    }

    fn get_bounded(&self, key: &Key, max_bytes: u64) -> StoreFuture<'_, (Bytes, Version)> {
        let damage = |(body, version), fault, random| (damaged(body, fault, random), version);
        self.run(Action::Get, key.as_str(), self.inner.get_bounded(key, max_bytes), damage)
    }

    fn get_range(&self, key: &Key, range: Range<u64>) -> StoreFuture<'_, Bytes> {
        self.run(Action::GetRange, key.as_str(), self.inner.get_range(key, range), damaged)
    }

    fn stat(&self, key: &Key) -> StoreFuture<'_, ObjectMeta> {
        self.run(Action::Stat, key.as_str(), self.inner.stat(key), |meta, _, _| meta)
    }

    fn list(&self, prefix: &str) -> StoreFuture<'_, Vec<ObjectMeta>> {
        self.run(Action::List, prefix, self.inner.list(prefix), |list, _, _| list)
    }

    fn delete(&self, key: &Key) -> StoreFuture<'_, ()> {
        self.run(Action::Delete, key.as_str(), self.inner.delete(key), |(), _, _| ())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use bytes::Bytes;

    use super::{Fault, FaultPlan, FaultyStore};
    use crate::store::Store;
    use crate::store::action::Action;
    use crate::store::client::Client;
    use crate::store::contract::check_contract;
    use crate::store::error::StoreError;
    use crate::store::key::Key;
    use crate::store::memory::MemoryStore;

    fn key(name: &str) -> Key {
        Key::new(name).unwrap()
    }

    fn faulty(plan: FaultPlan) -> (MemoryStore, FaultyStore, Client) {
        let memory = MemoryStore::new();
        let store = FaultyStore::new(Arc::new(memory.clone()), plan);
        let client = Client::new(Arc::new(store.clone())).unwrap();
        (memory, store, client)
    }

    #[test]
    fn without_faults_the_wrapper_keeps_the_contract() {
        check_contract(|| Arc::new(FaultyStore::new(Arc::new(MemoryStore::new()), FaultPlan::new(1))));
    }

    #[test]
    fn the_nth_operation_of_a_sort_fails_once_and_changes_nothing() {
        let plan = FaultPlan::new(1).nth(1, Fault::Fail).only(Action::Create).under("packs/");
        let (memory, store, client) = faulty(plan);
        client.create(&key("config"), Bytes::new()).unwrap();
        client.create(&key("packs/a"), Bytes::new()).unwrap();
        let error = client.create(&key("packs/b"), Bytes::new()).unwrap_err();
        assert!(error.is_transient());
        assert_eq!((memory.len(), store.faults(), store.operations()), (2, 1, 3));
        client.create(&key("packs/b"), Bytes::new()).unwrap();
    }

    #[test]
    fn a_lost_acknowledgement_leaves_the_object_behind() {
        let (_, _, client) = faulty(FaultPlan::new(1).nth(0, Fault::LoseAcknowledgement));
        assert!(client.create(&key("a"), Bytes::from_static(b"a")).unwrap_err().is_transient());
        let again = client.create(&key("a"), Bytes::from_static(b"a"));
        assert!(matches!(again, Err(StoreError::AlreadyExists { .. })));
    }

    #[test]
    fn after_the_kill_nothing_works_until_disarmed() {
        let (memory, store, client) = faulty(FaultPlan::new(1).from(1, Fault::Kill));
        client.create(&key("a"), Bytes::new()).unwrap();
        assert!(!client.create(&key("b"), Bytes::new()).unwrap_err().is_transient());
        assert!(
            client.get(&key("a")).is_err() && client.list("").is_err() && client.delete(&key("a")).is_err()
        );
        assert_eq!(memory.len(), 1);
        store.disarm();
        client.get(&key("a")).unwrap();
    }

    #[test]
    fn a_full_store_takes_no_writes_but_still_reads() {
        let (_, _, client) = faulty(FaultPlan::new(1).from(1, Fault::Full).only(Action::Create));
        client.create(&key("a"), Bytes::new()).unwrap();
        assert!(matches!(client.create(&key("b"), Bytes::new()), Err(StoreError::Full { .. })));
        client.get(&key("a")).unwrap();
    }

    #[test]
    fn damage_changes_bodies_on_the_way_out_and_in() {
        let plan = FaultPlan::new(7).nth(1, Fault::FlipBit).nth(2, Fault::Shorten).nth(3, Fault::FlipBit);
        let (memory, _, client) = faulty(plan);
        let body = Bytes::from(vec![0; 1000]);
        client.create(&key("a"), body.clone()).unwrap();
        let (flipped, _) = client.get(&key("a")).unwrap();
        assert_eq!(flipped.iter().map(|byte| byte.count_ones()).sum::<u32>(), 1);
        assert!(client.get(&key("a")).unwrap().0.len() < 1000);
        client.create(&key("b"), body.clone()).unwrap();
        let stored = Client::new(Arc::new(memory)).unwrap().get(&key("b")).unwrap().0;
        assert_ne!(stored, body);
        assert_eq!(client.get(&key("a")).unwrap().0, body);
    }

    #[test]
    fn a_short_answer_to_a_ranged_read_is_found_out_by_the_client() {
        let (_, _, client) = faulty(FaultPlan::new(7).from(0, Fault::Shorten).only(Action::GetRange));
        client.create(&key("a"), Bytes::from_static(b"0123456789")).unwrap();
        assert!(matches!(client.get_range(&key("a"), 2..9), Err(StoreError::ShortRead { .. })));
    }

    #[test]
    fn chances_follow_the_seed() {
        let outcomes = |seed| {
            let (_, _, client) = faulty(FaultPlan::new(seed).chance(0.3, Fault::Fail));
            (0..200).map(|n| client.create(&key(&format!("k{n}")), Bytes::new()).is_ok()).collect::<Vec<_>>()
        };
        let one = outcomes(1);
        assert_eq!(one, outcomes(1));
        assert_ne!(one, outcomes(2));
        let failed = one.iter().filter(|ok| !**ok).count();
        assert!((35..85).contains(&failed), "{failed} of 200 failed");
    }

    #[test]
    fn faults_name_the_store_and_the_object() {
        let (_, store, client) = faulty(FaultPlan::new(1).nth(0, Fault::Fail));
        let message = client.get(&key("packs/x")).unwrap_err().to_string();
        assert!(message.contains(&store.location()) && message.contains("packs/x"), "{message}");
    }
}
