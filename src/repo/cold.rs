//! Packs in cold storage: which they are, and asking for them.

use std::sync::Arc;

use crate::base::ids::PackName;
use crate::pack::reader::pack_key;
use crate::repo::read::IndexedRepository;
use crate::store::archive::{WarmUp, Warmth, warm_up_all, warmth_of};
use crate::store::error::StoreError;
use crate::store::key::Key;

impl IndexedRepository {
    /// Whether the store knows archive classes at all.
    pub fn tells_warmth(&self) -> bool {
        self.repository().client().store().archive().is_some()
    }

    /// Whether each of `packs` can be read now. Where the listing of packs showed none in an archive
    /// class, nothing is asked.
    pub fn warmth(&self, packs: &[PackName]) -> Result<Vec<Warmth>, StoreError> {
        if !self.tells_warmth() {
            return Ok(vec![Warmth::Warm; packs.len()]);
        }
        let client = self.repository().client();
        client.finish(Box::pin(warmth_of(Arc::clone(client.store()), keys(packs)?)))
    }

    /// Asks the store to make `packs` readable.
    pub fn warm_up(&self, packs: &[PackName], how: WarmUp) -> Result<(), StoreError> {
        let client = self.repository().client();
        client.finish(Box::pin(warm_up_all(Arc::clone(client.store()), keys(packs)?, how)))
    }
}

fn keys(packs: &[PackName]) -> Result<Vec<Key>, StoreError> {
    packs.iter().map(|pack| Key::new(pack_key(pack))).collect()
}
